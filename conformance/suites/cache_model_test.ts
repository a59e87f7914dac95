import assert from "node:assert/strict";
import {
  completeModelStep,
  createModel,
  deadColumns,
  freePagesOf,
  growModel,
  recycleModel,
  releaseModel,
  waitingPagesOf,
} from "./cache_model.ts";
import { cacheSpec } from "./cache_spec.ts";

Deno.test("deadColumns() follows the formula on both sides of a boundary", () => {
  // W = 64, P = 16: page 0 is dead once the next query is at 79, whose first key is 16.
  const model = createModel(cacheSpec());
  assert.deepEqual(deadColumns(model, 0, 78), []);
  assert.deepEqual(deadColumns(model, 0, 79), [0]);
  assert.deepEqual(deadColumns(model, 0, 95), [0, 1]);
  assert.deepEqual(deadColumns(model, 3, 500), []);
});

Deno.test("deadColumns() leaves every page that holds a sink token", () => {
  const model = createModel(cacheSpec({ sinkTokens: 17 }));
  assert.deepEqual(deadColumns(model, 0, 127), [2, 3]);
});

Deno.test("recycleModel() waits for the steps that were open when pages were freed", () => {
  const model = createModel(cacheSpec());
  growModel(model, 0, 128);
  model.openSteps.add(1).add(2);
  assert.equal(recycleModel(model, 0, { nextPositionTokens: 128, lengthTokens: 128 }), 8);
  assert.equal(waitingPagesOf(model, 0), 4);
  completeModelStep(model, 1);
  assert.equal(freePagesOf(model, 0), 24);
  completeModelStep(model, 2);
  assert.equal(freePagesOf(model, 0), 28);
});

Deno.test("releaseModel() returns what recycling left, head by head", () => {
  const model = createModel(cacheSpec());
  growModel(model, 0, 128);
  recycleModel(model, 0, { nextPositionTokens: 128, lengthTokens: 128 });
  assert.equal(releaseModel(model, 0), 2 * 4 + 2 * 8);
  assert.equal(freePagesOf(model, 0), 32);
});
