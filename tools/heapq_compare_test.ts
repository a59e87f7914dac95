import assert from "node:assert/strict";
import { compareWithHeapq, runHeapqSequence } from "./heapq_compare.ts";
import { drawFreed, runHeapSequence, runPoolSequence } from "./heapq_sequence.ts";

const SEQUENCE = { pages: 100, operations: 400, batch: 8, seed: 3, pattern: "scattered" } as const;

const runPermission = await Deno.permissions.query({ name: "run", command: "python3" });
const skipped = runPermission.state !== "granted" || await runHeapqSequence(SEQUENCE) === null;
const suffix = skipped ? " (SKIPPED: needs --allow-run=python3 and python3 on the PATH)" : "";

Deno.test("drawFreed() draws distinct held pages in every batch", () => {
  const freed = drawFreed(SEQUENCE);
  for (let start = 0; start < freed.length; start += 8) {
    const batch = freed.slice(start, start + 8);
    assert.equal(new Set(batch).size, 8);
    assert.ok(batch.every((index) => index < 50));
  }
});

Deno.test("runPoolSequence() takes the least free pages when compared with a sorted list", () => {
  const freed = drawFreed(SEQUENCE);
  const held = Array.from({ length: 50 }, (_, i) => i);
  const free = Array.from({ length: 50 }, (_, i) => 50 + i);
  let checksum = 0;
  for (let start = 0; start < freed.length; start += 8) {
    const batch = freed.slice(start, start + 8);
    for (const index of batch) free.push(held[index]);
    free.sort((a, b) => a - b);
    for (const index of batch) {
      held[index] = free.shift() ?? -1;
      checksum = (checksum * 31 + held[index]) % 2147483648;
    }
  }
  assert.equal(runPoolSequence(SEQUENCE).checksum, checksum);
  assert.equal(runHeapSequence(SEQUENCE).checksum, checksum);
});

Deno.test({
  name: `compareWithHeapq() finds the same pages on both sides${suffix}`,
  ignore: skipped,
  fn: async () => {
    const comparison = await compareWithHeapq({ ...SEQUENCE, rounds: 1 });
    assert.ok(comparison !== null);
    assert.equal(comparison.pages, 100);
    for (const [ratio] of [comparison.heapqRatios, comparison.heapRatios]) assert.ok(ratio > 0);
  },
});
