import assert from "node:assert/strict";
import { parseFormat } from "../../allocator/mod.ts";
import { loadWorkload, requireLoaded } from "../../fixtures/mod.ts";
import { weightBytes } from "../card/mod.ts";
import { tinyWorkload } from "../run/test_support.ts";
import { placementOfWorkload, servedWorkload } from "./served_workload.ts";

const eb45 = requireLoaded(await loadWorkload("eb45-21b-a3b-32k-bf16-kv50-512s"));

Deno.test("servedWorkload() has the model's weights, experts in all but the leading dense layers", () => {
  const model = servedWorkload(eb45);
  assert.ok(Math.abs(weightBytes(model) / 43.7e9 - 1) < 0.02);
  assert.deepEqual(model.layers.map(({ count, feedForward: ff }) => [count, ff.experts]), [
    [1, 0],
    [27, 64],
  ]);
  const none = { experts: 0, expertsPerToken: 0, expertIntermediate: 0 };
  const { denseIntermediate, sharedExperts, expertIntermediate, expertsPerToken } =
    eb45.model.feedForward;
  assert.deepEqual(model.layers.map(({ feedForward }) => feedForward), [
    { denseIntermediate, gated: true, ...none },
    {
      denseIntermediate: sharedExperts * expertIntermediate,
      gated: true,
      experts: 64,
      expertsPerToken,
      expertIntermediate,
    },
  ]);
  assert.equal(servedWorkload({ ...eb45, weightBytesPerParameter: 1 }).expertWeights, "fp8");
  assert.equal(servedWorkload({ ...eb45, weightBytesPerParameter: 0.5 }).expertWeights, "int4");
  assert.equal(placementOfWorkload({ ...eb45, tensorParallel: 4 }).tensorParallel, 4);
  assert.equal(
    placementOfWorkload({ ...eb45, tensorParallel: 4, expertParallel: 2 }).expertParallel,
    2,
  );
});

Deno.test("servedWorkload() takes weight types by tensor from a fixture", async () => {
  const override = (path: string, value: unknown) => ({ path, value, origin: "test" });
  const mixed = await loadWorkload("capacity-gpt-oss-20b", {
    overrides: [override("weights", { experts: "mxfp4" })],
  });
  const { attentionWeights, denseWeights, expertWeights } = servedWorkload(requireLoaded(mixed));
  assert.deepEqual([attentionWeights, denseWeights, expertWeights], ["bf16", "bf16", "mxfp4"]);
  const uneven = await loadWorkload("capacity-gpt-oss-20b", {
    overrides: [override("expertParallel", 3)],
  });
  const codes = uneven.diagnostics.map(({ code }) => code);
  assert.deepEqual(codes, ["fixture/expert-parallel", "fixture/expert-parallel"]);
  const unknown = await loadWorkload("capacity-gpt-oss-20b", {
    overrides: [override("weights", { experts: "mxfp5" })],
  });
  assert.match(unknown.diagnostics[0].fix ?? "", /mxfp4/);
});

Deno.test("servedWorkload() keeps and reads a quantised cache by its bytes, scales included", () => {
  const stored = (name: string) => {
    const format = parseFormat(name)!;
    const cache = { ...tinyWorkload().cache, keyFormat: format };
    const { cacheBytes, cacheReadBytes } = servedWorkload({ ...tinyWorkload(), cache });
    return [cacheBytes, cacheReadBytes];
  };
  // Values stay at two bytes an element of 64.
  assert.deepEqual(stored("int8:token:f32"), [(68 / 64 + 2) / 2, (1.4 + 2) / 2]);
  assert.deepEqual(stored("int4:channel:bf16"), [(32 / 64 + 2) / 2, (2.2 + 2) / 2]);
  assert.equal(servedWorkload(tinyWorkload()).cacheBytes, 2);
});
