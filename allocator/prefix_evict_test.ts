import assert from "node:assert/strict";
import { slot } from "./builders_test.ts";
import {
  createPrefixCache,
  findPrefix,
  freePages,
  headMapFromLayers,
  type PrefixCache,
} from "./mod.ts";
import { rowLosesPages } from "./prefix_cache.ts";
import { admitWithPrefix, insertPrefix, releaseWithPrefix } from "./prefix_request.ts";
import { makeRoom } from "./prefix_evict.ts";

function buildCache(recycle: boolean): PrefixCache {
  const kindsByLayer = [["window", "full"] as const];
  return createPrefixCache({
    layout: "headwise",
    heads: headMapFromLayers({ kindsByLayer, windowTokens: 17, sinkTokens: 0 }),
    slots: 2,
    pagesPerHead: 6,
    pageSizeTokens: 16,
    modelLengthTokens: 160,
    recycle,
    pageOrder: { kind: "identity" },
    debug: true,
    blockTokens: 32,
  });
}

Deno.test("rowLosesPages() is true of window rows of a cache that keeps windows alone", () => {
  for (const recycle of [true, false]) {
    const cache = buildCache(recycle);
    for (const keepsWindow of [true, false]) {
      const rows = [0, 1].map((row) => rowLosesPages({ ...cache, keepsWindow }, row));
      assert.deepEqual(rows, [keepsWindow, false]);
    }
  }
});

Deno.test("makeRoom() evicts until there is room, and says where there cannot be any", () => {
  for (const [columns, possible] of [[3, true], [6, true], [7, false]] as const) {
    const cache = buildCache(true);
    const match = findPrefix(cache, [1], 32);
    admitWithPrefix(cache, slot(0), { lengthTokens: 33, match });
    insertPrefix(cache, slot(0), { blocks: [1], cachedTokens: 33, checkpoints: [0, 1] });
    releaseWithPrefix(cache, slot(0));
    const before = freePages(cache.allocator);
    assert.ok(cache.statistics.cachedBlocks > 0);
    assert.equal(makeRoom([cache], columns), possible, `${columns} columns`);
    assert.ok(!possible || columns <= 4 || freePages(cache.allocator) > before);
  }
});
