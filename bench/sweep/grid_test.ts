import assert from "node:assert/strict";
import { loadWorkload, requireLoaded, synthesizeRequests } from "../../fixtures/mod.ts";
import { listPoints, overridesOf } from "./grid.ts";
import type { SweepAxes, SweepPoint } from "./types.ts";

const AXES: SweepAxes = {
  windowTokens: [16, 32],
  ratio: [0.25],
  contextTokens: [],
  batch: [1, 2, 4],
  pageSizeTokens: [],
};
const NONE: SweepPoint = {
  windowTokens: null,
  ratio: null,
  contextTokens: null,
  batch: null,
  pageSizeTokens: null,
};

async function change(point: Partial<SweepPoint>) {
  const plain = requireLoaded(await loadWorkload("smoke"));
  const overrides = overridesOf({ ...NONE, ...point }, plain);
  return { plain, changed: requireLoaded(await loadWorkload("smoke", { overrides })) };
}

Deno.test("listPoints() runs the last axis fastest and leaves empty ones to the fixture", () => {
  const points = listPoints(AXES);
  assert.deepEqual(points.map(({ point }) => [point.windowTokens, point.batch]), [
    [16, 1],
    [16, 2],
    [16, 4],
    [32, 1],
    [32, 2],
    [32, 4],
  ]);
  assert.equal(points[0].point.contextTokens, null);
});

Deno.test("listPoints() gives every point to one shard", () => {
  const shards = [1, 2, 3, 4].map((part) => listPoints(AXES, { part, parts: 4 }));
  const indices = shards.flat().map(({ index }) => index).sort((a, b) => a - b);
  assert.deepEqual(indices, [0, 1, 2, 3, 4, 5]);
  assert.ok(shards.every((shard) => shard.length <= 2));
});

Deno.test("overridesOf() changes nothing when no axis does", async () => {
  const { plain, changed } = await change({});
  assert.deepEqual(changed, plain);
});

Deno.test("overridesOf() keeps the heads when only the window changes", async () => {
  const { plain, changed } = await change({ windowTokens: 64 });
  assert.equal(changed.headMap.windowTokens, 64);
  assert.deepEqual(changed.headMap.groups, plain.headMap.groups);
  const { changed: half } = await change({ ratio: 0.5 });
  assert.deepEqual(half.headMap.groups[0].kinds, ["window", "window", "full", "full"]);
  assert.equal(half.headMap.windowTokens, plain.headMap.windowTokens);
});

Deno.test("overridesOf() gives every prompt the context and makes room for its answer", async () => {
  const { changed } = await change({ contextTokens: 1000 });
  const requests = synthesizeRequests(changed);
  assert.ok(requests.every(({ inputTokens }) => inputTokens === 1000));
  const longest = Math.max(...requests.map(({ outputTokens }) => outputTokens));
  assert.ok(changed.scheduler.modelLengthTokens >= 1000 + longest);
});

Deno.test("overridesOf() keeps the memory when the page size changes", async () => {
  const { plain, changed } = await change({ pageSizeTokens: 64, batch: 2 });
  assert.equal(changed.cache.kvBytes, plain.cache.kvBytes);
  assert.equal(changed.cache.pagesPerHead * 64, plain.cache.pagesPerHead * 16);
  assert.equal(changed.scheduler.maxSequences, 2);
});
