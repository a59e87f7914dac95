import assert from "node:assert/strict";
import { headMapFromLayers } from "../../allocator/mod.ts";
import { classifyLayers } from "./layer_classes.ts";

Deno.test("classifyLayers() puts layers together when as many heads are full", () => {
  const heads = headMapFromLayers({
    kindsByLayer: ["wf", "ww", "fw", "ww", "ff", "wf", "fw", "ff"].map((kinds) =>
      [...kinds].map((kind) => (kind === "w" ? "window" : "full"))
    ),
    windowTokens: 16,
    sinkTokens: 0,
  });
  assert.deepEqual(heads.groups.map(({ layers }) => layers), [[0, 5], [1, 3], [2, 6], [4, 7]]);
  assert.deepEqual(classifyLayers(heads), [
    { fullHeads: 1, windowHeads: 1, groups: [0, 2], layers: 4 },
    { fullHeads: 0, windowHeads: 2, groups: [1], layers: 2 },
    { fullHeads: 2, windowHeads: 0, groups: [3], layers: 2 },
  ]);
});
