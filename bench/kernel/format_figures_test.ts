import assert from "node:assert/strict";
import { describeKernelFigures } from "./format_figures.ts";

Deno.test("describeKernelFigures() gives each figure its unit", () => {
  const words = describeKernelFigures({
    medianMs: 0.25,
    quartilesMs: [0.24, 0.26],
    spread: 1.05,
    bytesPerSecond: 4.5e12,
    flopsPerSecond: 22e12,
    bound: "memory",
    idealMs: 0.2,
    ceilingShare: 0.8,
    emptyChainMs: 0.01,
    overheadMicroseconds: 40,
  });
  assert.deepEqual(words, {
    median: "250 µs",
    spread: "1.05",
    bytes: "4.50 TB/s",
    operations: "22.0 TFLOP/s",
    ceilingShare: "80.0 %",
    overFloor: "40.0 µs",
  });
});
