import assert from "node:assert/strict";
import * as allocator from "../allocator/mod.ts";
import { createDecodeStep, DECODE_LAYOUTS, DECODE_SLOTS } from "./decode_step.ts";

/** The allocator's module, counting what a step asks of it. */
function counted(): { code: typeof allocator; calls: Record<string, number> } {
  const calls: Record<string, number> = {};
  const entries = Object.entries(allocator).map(([name, value]) => {
    if (typeof value !== "function" || name.startsWith("create")) return [name, value];
    const call = value as (...args: unknown[]) => unknown;
    return [name, (...args: unknown[]) => {
      calls[name] = (calls[name] ?? 0) + 1;
      return call(...args);
    }];
  });
  return { code: Object.fromEntries(entries), calls };
}

Deno.test("createDecodeStep() gives every request a token, pages at their edge, and an end", () => {
  for (const layout of DECODE_LAYOUTS) {
    const { code, calls } = counted();
    const step = createDecodeStep(code, { layout });
    for (let i = 0; i < 4097; i++) step();
    const { admit, release, extend, recycle, needsPages } = calls;
    assert.deepEqual({ admit, release, extend, recycle, needsPages }, {
      admit: 2 * DECODE_SLOTS,
      release: DECODE_SLOTS,
      extend: 64 * DECODE_SLOTS,
      recycle: 64 * DECODE_SLOTS,
      needsPages: 4096 * DECODE_SLOTS,
    });
  }
});

Deno.test("createDecodeStep() never needs a page when it only asks", () => {
  const { code, calls } = counted();
  const step = createDecodeStep(code, { layout: "headwise", asksOnly: true });
  for (let i = 0; i < 4097; i++) step();
  assert.equal(calls.needsPages, 4096 * DECODE_SLOTS);
  assert.deepEqual([calls.extend, calls.release], [undefined, undefined]);
});
