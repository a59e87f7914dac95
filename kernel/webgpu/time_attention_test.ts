import assert from "node:assert/strict";
import { createBlockTable, identityTable } from "../../allocator/mod.ts";
import type { StepRunnerOptions } from "./step.ts";
import type { GroupRows } from "../step_rows.ts";
import { type Cheat, cheatWith } from "./testing_cheats.ts";
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

/** Cheats, each with the compute passes that it does honestly: those of the first check. */
const CHEATS: Readonly<Record<Cheat, number>> = {
  "zeros": 0,
  "skips once inputs repeat": 4,
  "recognises warm-ups": 0,
  "keeps outputs": 4,
  "answers another input": 4,
  "answers NaN": 4,
};

for (const [cheat, honestPasses] of Object.entries(CHEATS) as [Cheat, number][]) {
  testWithGpu(`timeAttention() gives no time to a device that ${cheat}`, async (gpu) => {
    // One layer: every run of the timed ones has the same inputs, unless the last is another.
    for (const layers of [1, 2]) {
      const restore = cheatWith(gpu, cheat, honestPasses);
      try {
        const runner = { ...RUNNER, layers };
        const timing = await timeAttention(gpu, BATCH, { runner, runs: 3, samples: 3 });
        assert.equal(timing.verification.ok, false, `${layers} layers`);
        assert.equal(timing.samplesMs.length, 0);
      } finally {
        restore();
      }
    }
  });
}

testWithGpu("timeAttention() gives its time to the same device once it is honest", async (gpu) => {
  const restore = cheatWith(gpu, "zeros", Infinity);
  try {
    const timing = await timeAttention(gpu, BATCH, { runner: RUNNER, runs: 3, samples: 3 });
    assert.ok(timing.verification.ok, timing.verification.message);
    assert.equal(timing.samplesMs.length, 3);
  } finally {
    restore();
  }
});
