import assert from "node:assert/strict";
import { runnerSettings, SIDES } from "../../bench/mod.ts";
import { loadWorkload, requireLoaded } from "../../fixtures/mod.ts";
import { chooseClock } from "./choose_clock.ts";
import { layersToMeasure } from "./layers_to_measure.ts";
import { MissingDevice } from "./missing_device.ts";

const SMOKE = requireLoaded(await loadWorkload("smoke"));
const LARGE = requireLoaded(await loadWorkload("eb45-21b-a3b-32k-bf16-kv50-512s"));
const ANY = { gpu: "deno" as const, seed: null, layersMeasured: null };

Deno.test("chooseClock() opens no device when the model is asked for and ceilings are stated", async () => {
  const { clock, ceilings } = await chooseClock(SMOKE, { ...ANY, clock: "model" });
  assert.deepEqual(clock, { kind: "model", reason: null });
  assert.equal(ceilings, null);
});

Deno.test("chooseClock() takes a GPU, and the model where a device runs on the CPU or none answers", async () => {
  for (const workload of [SMOKE, LARGE]) {
    const { clock, close } = await chooseClock(workload, { ...ANY, clock: "auto" });
    close();
    if (clock.kind === "gpu") assert.doesNotMatch(clock.adapter, /llvmpipe|swiftshader/i);
    else {assert.match(
        clock.kind === "model" ? clock.reason! : "",
        /runs on the CPU|deno task setup/,
      );}
  }
});

Deno.test("chooseClock() measures ceilings where the fixture states none, never on a CPU", async () => {
  const unstated = { ...SMOKE, ceilings: null };
  for (const clock of ["auto", "gpu"] as const) {
    const chosen = await chooseClock(unstated, { ...ANY, clock }).catch((error) => error);
    if (chosen instanceof MissingDevice) continue;
    chosen.close();
    const isGpu = chosen.clock.kind === "gpu" && !chosen.clock.isSoftware;
    assert.equal(chosen.ceilings !== null, isGpu);
  }
});

Deno.test("chooseClock() rejects when a device is demanded and none answers", async () => {
  const chosen = await chooseClock(SMOKE, { ...ANY, clock: "gpu" }).catch((error) => error);
  if (chosen instanceof MissingDevice) assert.match(chosen.message, /^Cannot use a GPU: /);
  else chosen.close();
});

Deno.test("layersToMeasure() rotates at least two layers, and enough to leave a cache", () => {
  const smoke = runnerSettings(SMOKE, SIDES.headwise);
  assert.equal(layersToMeasure(smoke), smoke.layersPerGroup);
  const large = runnerSettings(LARGE, SIDES.pooled);
  assert.equal(layersToMeasure(large), 2);
  // 4 heads · 16 pages · 64 tokens · 128 · 2 bytes, K and V: 2 MiB a layer, so 256 would be needed.
  const shape = { ...large.shape, pages: 16, poolPages: 64 };
  assert.equal(layersToMeasure({ ...large, shape }), large.layersPerGroup);
  // A pool that is stated in pages of all heads, or in pages of each, is as large.
  const { poolPages: _, ...plain } = { ...large.shape, kvHeads: 4, pages: 64 };
  const many = { ...large, layersPerGroup: 1000 };
  const [ofHeads, ofOne] = [
    { ...plain, layout: "headwise" as const },
    { ...plain, layout: "pooled" as const },
  ].map((each) => layersToMeasure({ ...many, shape: each }));
  assert.equal(ofOne, ofHeads);
  assert.ok(ofOne > 2 && ofOne < 1000, `${ofOne}`);
  assert.equal(
    layersToMeasure({ ...many, shape: { ...plain, layout: "pooled", poolPages: 256 } }),
    ofOne,
  );
});
