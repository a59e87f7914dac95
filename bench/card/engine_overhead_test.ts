import assert from "node:assert/strict";
import { ENGINE_OVERHEADS, type EngineOverhead, engineStepMs } from "./engine_overhead.ts";

const OVERHEAD: EngineOverhead = {
  ...ENGINE_OVERHEADS.vllm,
  stepMs: 2,
  rowUs: 100,
  rowDeviceUs: 50,
  overlapped: false,
  layerLaunchUs: 1000,
  graphTokens: 512,
};
const STEP = { kernelsMs: 5, tokens: 512, rows: 10, layers: 8 };

Deno.test("engineStepMs() adds host and rows to the kernels, and launches where no graph holds the step", () => {
  assert.equal(engineStepMs(OVERHEAD, STEP), 2 + 1 + 5 + 0.5);
  assert.equal(engineStepMs(OVERHEAD, { ...STEP, tokens: 513 }), 2 + 1 + 8 + 0.5);
  assert.equal(engineStepMs(OVERHEAD, { ...STEP, tokens: 513, kernelsMs: 9 }), 2 + 1 + 9 + 0.5);
});

Deno.test("engineStepMs() takes the longer of host and device where the two overlap", () => {
  const overlapped = { ...OVERHEAD, overlapped: true };
  assert.equal(engineStepMs(overlapped, STEP), 5.5);
  assert.equal(engineStepMs({ ...overlapped, stepMs: 20 }, STEP), 21);
});

Deno.test("ENGINE_OVERHEADS stay in the units of their names", () => {
  for (const [name, o] of Object.entries(ENGINE_OVERHEADS)) {
    const upTo = (value: number, most: number): void =>
      assert.ok(value >= 0 && value <= most, `${name}: ${value} of at most ${most}`);
    assert.equal(o.overlapped, false, `${name} overlaps only where it is told to`);
    upTo(o.stepMs, 10);
    upTo(o.rowUs, 100);
    upTo(o.rowDeviceUs, 100);
    upTo(o.layerLaunchUs, 200);
    upTo(o.requestMs, 100);
    upTo(o.admitMs, 10);
    upTo(o.workspaceBytes, 5e9);
    for (const factor of [o.arithmeticSlowdown, o.readSlowdown]) {
      assert.ok(factor >= 0.8 && factor <= 1.5, `${name}: ${factor}`);
    }
    assert.ok(o.memoryShare > 0.8 && o.memoryShare < 1, `${name}: ${o.memoryShare}`);
  }
});
