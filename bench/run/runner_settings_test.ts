import assert from "node:assert/strict";
import { headMapFromLayers } from "../../allocator/mod.ts";
import { runnerSettings } from "./runner_settings.ts";
import { SIDES } from "../result/sides.ts";
import { tinyWorkload } from "./test_support.ts";

Deno.test("runnerSettings() describes the measured rank's attention", () => {
  const settings = runnerSettings(tinyWorkload({ tensorParallel: 2 }), SIDES.headwise);
  assert.deepEqual(settings.shape, {
    batch: 4,
    queryHeads: 2,
    kvHeads: 1,
    headSize: 64,
    pageSizeTokens: 16,
    pages: 32,
    poolPages: 32,
    columns: 16,
    layout: "headwise",
    storage: "bf16",
  });
  // The window head is on rank 0; the slower rank 1 has a full one.
  assert.deepEqual(settings.headWindows, [Int32Array.of(0)]);
  assert.equal(settings.layersPerGroup, 2);
  assert.equal(settings.walk, "visible");
});

Deno.test("runnerSettings() gives one pool the pages of all groups and heads", () => {
  const headMap = headMapFromLayers({
    kindsByLayer: [["window", "window"], ["full", "full"]],
    windowTokens: 48,
    sinkTokens: 16,
  });
  const settings = runnerSettings(tinyWorkload({ headMap }), SIDES.pooled);
  assert.equal(settings.shape.poolPages, 32 * 2 * 2);
  assert.deepEqual(settings.headWindows, [Int32Array.of(48, 48), Int32Array.of(0, 0)]);
  assert.equal(settings.sinkTokens, 16);
});
