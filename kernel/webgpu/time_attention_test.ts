import assert from "node:assert/strict";
import { createBlockTable, identityTable } from "../../allocator/mod.ts";
import type { StepRunnerOptions } from "./step.ts";
import type { GroupRows } from "../step_rows.ts";
import { testWithGpu } from "./testing.ts";
import { timeAttention } from "./time_attention.ts";

const SHAPE = { layout: "headwise", layerGroups: 1, slots: 2, kvHeads: 2, columns: 8 } as const;

const RUNNER: StepRunnerOptions = {
  shape: {
    batch: 2,
    queryHeads: 4,
    kvHeads: 2,
    headSize: 64,
    pageSizeTokens: 16,
    pages: 16,
    columns: 8,
    layout: "headwise",
    storage: "bf16",
  },
  layerGroups: 1,
  headWindows: [Int32Array.of(0, 32)],
  sinkTokens: 4,
  layers: 2,
  walk: "visible",
  maxBatchTokens: 2,
  modelLengthTokens: 128,
  rotary: { style: "neox", theta: 10_000, rotaryDimensions: 64 },
  scoreScale: null,
  learnedSinks: false,
  seed: 3,
};

const BATCH: GroupRows = {
  table: identityTable(SHAPE, 8),
  group: 0,
  queryLengths: Int32Array.of(1, 1),
  cachedLengths: Int32Array.of(100, 20),
};

testWithGpu("timeAttention() gives a time for each run and what the plan reads", async (gpu) => {
  const timing = await timeAttention(gpu, BATCH, { runner: RUNNER, runs: 3, samples: 2 });
  assert.ok(timing.verification.ok, timing.verification.message);
  assert.equal(timing.samplesMs.length, 3);
  assert.ok(timing.samplesMs.every((ms) => ms > 0));
  // Whole pages: 7 and 2 of the full head; page 0 and pages 4…6, and 2, of the window head.
  assert.equal(timing.keysRead, (7 + 2 + 4 + 2) * 16);
  assert.ok([...timing.items.values()].reduce((sum, count) => sum + count, 0) >= 4);
  assert.deepEqual(gpu.faults, []);
});

testWithGpu("timeAttention() gives no time when a row is wrong", async (gpu) => {
  const batch = { ...BATCH, table: createBlockTable(SHAPE) };
  const timing = await timeAttention(gpu, batch, { runner: RUNNER, runs: 3, samples: 2 });
  assert.equal(timing.verification.ok, false);
  assert.equal(timing.samplesMs.length, 0);
});
