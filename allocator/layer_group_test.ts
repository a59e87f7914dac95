import assert from "node:assert/strict";
import { headMapFromLayers, headMapFromPattern } from "./head_map.ts";
import type { LayerGroup } from "./ids.ts";
import { countWindowHeads, headWindows, layersPerGroup } from "./layer_group.ts";

const ALTERNATING = headMapFromLayers({
  kindsByLayer: [["window", "full"], ["full", "full"], ["window", "full"], ["full", "full"]],
  windowTokens: 128,
  sinkTokens: 0,
});

Deno.test("layersPerGroup() is the same when groups alternate", () => {
  assert.equal(layersPerGroup(ALTERNATING), 2);
});

Deno.test("headWindows() gives W to window heads and 0 to full heads", () => {
  assert.deepEqual([...headWindows(ALTERNATING, 0 as LayerGroup)], [128, 0]);
  assert.deepEqual([...headWindows(ALTERNATING, 1 as LayerGroup)], [0, 0]);
});

Deno.test("countWindowHeads() sums over groups and is 0 when W is 0", () => {
  assert.equal(countWindowHeads(ALTERNATING), 1);
  const map = headMapFromPattern({
    layers: 2,
    kvHeads: 4,
    pattern: "first",
    ratio: 1,
    windowTokens: 0,
    sinkTokens: 0,
  });
  assert.equal(countWindowHeads(map), 0);
});
