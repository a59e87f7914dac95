import assert from "node:assert/strict";
import { buildAllocator, rowsOf, slot } from "./builders_test.ts";
import { StepError, type StepId } from "./mod.ts";
import { admit, beginStep, completeStep, freePages, recycle, release } from "./mod.ts";

Deno.test("release() lets pages wait for the steps that were open, first freed first out", () => {
  const a = buildAllocator({ pagesPerHead: 2, kinds: [["full"]], windowTokens: 0 });
  admit(a, slot(0), 16);
  const step = beginStep(a);
  release(a, slot(0));
  admit(a, slot(0), 16);
  assert.deepEqual(rowsOf(a, 0)[0][0], 1);
  assert.equal(admit(a, slot(1), 16).kind, "shortage");
  completeStep(a, step);
  admit(a, slot(1), 16);
  assert.deepEqual(rowsOf(a, 1)[0][0], 0);
});

Deno.test("recycle() lets pages wait for a step in flight", () => {
  const a = buildAllocator({ pagesPerHead: 4 });
  admit(a, slot(0), 64);
  const step = beginStep(a);
  recycle(a, slot(0), { nextPositionTokens: 64, lengthTokens: 64 });
  assert.equal(freePages(a), 0);
  completeStep(a, step);
  assert.equal(freePages(a), 3);
});

Deno.test("release() frees at once when no step is open", () => {
  const a = buildAllocator();
  completeStep(a, beginStep(a));
  admit(a, slot(0), 96);
  release(a, slot(0));
  assert.equal(freePages(a), 16);
});

Deno.test("completeStep() refuses a step that is not open", () => {
  const a = buildAllocator();
  assert.throws(() => completeStep(a, 5 as StepId), StepError);
});

Deno.test("a page freed during a step is not handed out before the step has completed", () => {
  const a = buildAllocator({ layout: "pooled", pagesPerHead: 3, slots: 2 });
  admit(a, slot(0), 48);
  const first = beginStep(a);
  const second = beginStep(a);
  recycle(a, slot(0), { nextPositionTokens: 48, lengthTokens: 48 });
  assert.equal(admit(a, slot(1), 16).kind, "shortage");
  completeStep(a, second);
  assert.equal(admit(a, slot(1), 16).kind, "shortage");
  completeStep(a, first);
  assert.equal(admit(a, slot(1), 16).kind, "allocated");
  assert.deepEqual(rowsOf(a, 1).map((row) => row[0]), [0, 1]);
});

Deno.test("completeStep() gives each page back to its own pool when several pools' pages wait", () => {
  const a = buildAllocator({ pagesPerHead: 3, kinds: [["full", "full"], ["full", "window"]] });
  admit(a, slot(0), 32);
  admit(a, slot(1), 16);
  const free = [...a.state.pools.freeCounts];
  const step = beginStep(a);
  release(a, slot(1));
  release(a, slot(0));
  assert.deepEqual([...a.state.pools.freeCounts], free);
  completeStep(a, step);
  assert.ok(a.state.pools.freeCounts.every((count) => count === 3));
  admit(a, slot(0), 32);
  assert.deepEqual(rowsOf(a, 0).map((row) => row.slice(0, 2)), rowsOf(a, 0).map(() => [0, 1]));
});
