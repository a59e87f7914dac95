import assert from "node:assert/strict";
import { idealTime, kernelFigures, medianOf, quantile } from "./figures.ts";

const WORK = {
  keyValueBytes: 9e6,
  tableBytes: 0,
  queryOutputBytes: 1e6,
  bytes: 1e7,
  flops: 4e9,
  walkedBytes: 1e7,
};

Deno.test("quantile() interpolates between order statistics", () => {
  assert.equal(quantile([1, 2, 4], 0.5), 2);
  assert.equal(quantile([1, 2, 4], 0.75), 3);
  assert.equal(quantile([5], 0.9), 5);
  assert.equal(medianOf([4, 1, 2, 3]), 2.5);
});

Deno.test("idealTime() takes the ceiling that binds", () => {
  const memory = idealTime(WORK, { memoryBytesPerSecond: 1e9, flopsPerSecond: 1e12 });
  assert.deepEqual(memory, { bound: "memory", idealMs: 10 });
  const compute = idealTime(WORK, { memoryBytesPerSecond: 1e12, flopsPerSecond: 1e12 });
  assert.deepEqual(compute, { bound: "compute", idealMs: 4 });
});

Deno.test("kernelFigures() holds the median against the ceiling and the empty chain", () => {
  const figures = kernelFigures([12.5, 20, 12, 13], {
    work: WORK,
    ceilings: { memoryBytesPerSecond: 1e9, flopsPerSecond: 1e12 },
    emptyChainMs: 0.25,
  });
  assert.equal(figures.medianMs, 12.75);
  assert.deepEqual(figures.quartilesMs, [12.375, 14.75]);
  assert.equal(figures.spread, 20 / 12);
  assert.equal(figures.ceilingShare, 10 / 12.75);
  assert.equal(figures.overheadMicroseconds, 2500);
  assert.ok(Math.abs(figures.bytesPerSecond - 1e10 / 12.75) < 1);
  assert.ok(Math.abs(figures.flopsPerSecond - 4e12 / 12.75) < 1);
});
