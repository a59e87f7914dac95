import assert from "node:assert/strict";
import { createBlockTable, identityTable, type Layout } from "../../allocator/mod.ts";
import { createStepRunner } from "./step_runner.ts";
import type { StepRunnerOptions } from "./step.ts";
import { measureCeilings } from "./ceilings.ts";
import { parseFormat } from "../quantised/quantised_format.ts";
import { testWithGpu } from "./testing.ts";

function options(layout: Layout, o: Partial<StepRunnerOptions> = {}): StepRunnerOptions {
  return {
    shape: {
      batch: 3,
      queryHeads: 4,
      kvHeads: 2,
      headSize: 64,
      pageSizeTokens: 16,
      pages: 24,
      poolPages: 96,
      columns: 8,
      layout,
      storage: "bf16",
    },
    layerGroups: 2,
    headWindows: [Int32Array.of(0, 24), Int32Array.of(24, 24)],
    sinkTokens: 4,
    layers: 2,
    walk: "visible",
    maxBatchTokens: 64,
    modelLengthTokens: 128,
    rotary: { style: "interleaved", theta: 10_000, rotaryDimensions: 64 },
    scoreScale: null,
    learnedSinks: true,
    seed: 5,
    ...o,
  };
}

for (const layout of ["uniform", "headwise", "pooled"] as const) {
  testWithGpu(`StepRunner.verify() accepts its own steps when ${layout}`, async (gpu) => {
    const runner = await createStepRunner(gpu, options(layout));
    const table = identityTable(
      { layout, layerGroups: 2, slots: 3, kvHeads: 2, columns: 8 },
      8,
    );
    for (const group of [0, 1]) {
      const batch = {
        table,
        group,
        queryLengths: Int32Array.of(1, 30, 0),
        cachedLengths: Int32Array.of(100, 9, 0),
      };
      const verdict = await runner.verify(batch, { samples: 6, seed: 3 });
      assert.ok(verdict.ok, verdict.message);
      assert.ok(verdict.worstBudgetUsed > 0);
    }
    runner.destroy();
  });
}

testWithGpu("StepRunner.verify() accepts steps whose pages are read by address", async (gpu) => {
  for (const layout of ["uniform", "pooled"] as const) {
    const full = { headWindows: [Int32Array.of(0, 0), Int32Array.of(0, 24)], ordersPages: true };
    const runner = await createStepRunner(gpu, options(layout, full));
    const table = createBlockTable({ layout, layerGroups: 2, slots: 3, kvHeads: 2, columns: 8 });
    for (let at = 0; at < table.ids.length; at++) table.ids[at] = (at * 11 + 5) % 24;
    for (const group of [0, 1]) {
      const lengths = {
        queryLengths: Int32Array.of(1, 3, 0),
        cachedLengths: Int32Array.of(100, 9, 0),
      };
      const verdict = await runner.verify({ table, group, ...lengths }, { samples: 6, seed: 3 });
      assert.ok(verdict.ok, verdict.message);
    }
    runner.destroy();
  }
});

for (const name of ["int8:token:f16", "fp8_e4m3:head:f32", "int8:inline:f32", "int4", "fp4"]) {
  testWithGpu(`StepRunner.verify() accepts steps that quantise and read ${name}`, async (gpu) => {
    const format = parseFormat(name)!;
    const made = options("headwise");
    const runner = await createStepRunner(gpu, {
      ...made,
      shape: { ...made.shape, keyFormat: format, valueFormat: format },
    });
    const shape = { layout: "headwise", layerGroups: 2, slots: 3, kvHeads: 2, columns: 8 } as const;
    const batch = {
      table: identityTable(shape, 8),
      group: 0,
      queryLengths: Int32Array.of(1, 3, 0),
      cachedLengths: Int32Array.of(100, 9, 0),
    };
    const verdict = await runner.verify(batch, { samples: 6, seed: 3 });
    assert.ok(verdict.ok, verdict.message);
    assert.ok(verdict.worstBudgetUsed > 0);
    runner.destroy();
  });
}

testWithGpu("StepRunner.flush() gives one time for each step in order", async (gpu) => {
  const runner = await createStepRunner(gpu, options("headwise"));
  const shape = { layout: "headwise", layerGroups: 2, slots: 3, kvHeads: 2, columns: 8 } as const;
  const table = identityTable(shape, 8);
  const cachedLengths = Int32Array.of(100, 90, 0);
  for (let i = 0; i < 5; i++) {
    runner.enqueue({ table, group: 0, queryLengths: Int32Array.of(1, 1, 0), cachedLengths });
  }
  const times = await runner.flush();
  assert.equal(times.length, 5);
  assert.ok(times.every((ms) => ms > 0), `${times}`);
  assert.equal((await runner.flush()).length, 0);
  runner.destroy();
});

testWithGpu("StepRunner.verify() rejects a step when the table names no page", async (gpu) => {
  const runner = await createStepRunner(gpu, options("headwise"));
  const table = createBlockTable({
    layout: "headwise",
    layerGroups: 2,
    slots: 3,
    kvHeads: 2,
    columns: 8,
  });
  const batch = {
    table,
    group: 0,
    queryLengths: Int32Array.of(1, 0, 0),
    cachedLengths: Int32Array.of(0, 0, 0),
  };
  const verdict = await runner.verify(batch, { samples: 1, seed: 3 });
  assert.equal(verdict.ok, false);
  assert.match(verdict.message, /not written/);
  runner.destroy();
});

testWithGpu("StepRunner.enqueue() refuses what it was not made for", async (gpu) => {
  const runner = await createStepRunner(gpu, options("headwise"));
  const shape = { layout: "headwise", layerGroups: 2, slots: 3, kvHeads: 2, columns: 8 } as const;
  const cachedLengths = new Int32Array(3);
  const queryLengths = Int32Array.of(65, 0, 0);
  const batch = { table: identityTable(shape, 8), group: 0, queryLengths, cachedLengths };
  assert.throws(() => runner.enqueue(batch), /step of 65 tokens/);
  const wide = createBlockTable({ ...shape, columns: 80 });
  assert.throws(() => runner.enqueue({ ...batch, table: wide }), /give "shape"/);
  runner.destroy();
});

testWithGpu("measureCeilings() gives positive rates", async (gpu) => {
  const { memoryBytesPerSecond, flopsPerSecond } = await measureCeilings(gpu);
  assert.ok(memoryBytesPerSecond > 1e6);
  assert.ok(flopsPerSecond > 1e6);
});
