import assert from "node:assert/strict";
import { loadWorkload, requireLoaded } from "../../fixtures/mod.ts";
import { weightBytes } from "../card/mod.ts";
import { placementOfWorkload, servedWorkload } from "./served_workload.ts";

const eb45 = requireLoaded(await loadWorkload("eb45-21b-a3b-32k-bf16-kv50-512s"));

Deno.test("servedWorkload() has the model's weights, experts in all but the leading dense layers", () => {
  const model = servedWorkload(eb45);
  assert.ok(Math.abs(weightBytes(model) / 43.7e9 - 1) < 0.02);
  assert.deepEqual(model.layers.map(({ count, feedForward: ff }) => [count, ff.experts]), [
    [1, 0],
    [27, 64],
  ]);
  assert.equal(servedWorkload({ ...eb45, weightBytesPerParameter: 1 }).expertWeights, "fp8");
  assert.equal(servedWorkload({ ...eb45, weightBytesPerParameter: 0.5 }).expertWeights, "int4");
  assert.equal(placementOfWorkload({ ...eb45, tensorParallel: 4 }).tensorParallel, 4);
});
