import assert from "node:assert/strict";
import { rowsOf, slot } from "./builders_test.ts";
import type { Layout, PrefixCache, PrefixCacheOptions } from "./mod.ts";
import {
  AllocatorError,
  beginStep,
  canAdmitWithPrefix,
  completeStep,
  createPrefixCache,
  evictPrefix,
  findPrefix,
  freePages,
  headMapFromLayers,
  pageStatistics,
  recycle,
} from "./mod.ts";
import {
  admitWithPrefix,
  admitWithPrefixOnEveryRank,
  extendWithPrefixOnEveryRank,
  insertPrefix,
  releaseWithPrefix,
} from "./prefix_request.ts";

const BLOCK = 32;

/** A window head (W = 17: one page and a token) and a full one, two pages per block. */
function buildCache(o: Partial<PrefixCacheOptions> = {}): PrefixCache {
  return createPrefixCache({
    layout: "pooled",
    heads: headMapFromLayers({
      kindsByLayer: [["window", "full"]],
      windowTokens: 17,
      sinkTokens: 0,
    }),
    slots: 3,
    pagesPerHead: 12,
    pageSizeTokens: 16,
    modelLengthTokens: 160,
    recycle: true,
    pageOrder: { kind: "identity" },
    debug: true,
    blockTokens: BLOCK,
    ...o,
  });
}

/** Computes a whole prompt in chunks, with a checkpoint at its end; returns the tokens found. */
function serve(
  cache: PrefixCache,
  o: { slot: number; blocks: readonly number[]; tokens: number; chunk?: number },
): number {
  const match = findPrefix(cache, o.blocks, o.tokens - 1);
  const checkpoints = [match.matchedBlocks, o.blocks.length];
  let length = match.hitTokens;
  while (length < o.tokens) {
    const lengthTokens = Math.min(o.tokens, length + (o.chunk ?? o.tokens));
    const outcome = length === match.hitTokens
      ? admitWithPrefix(cache, slot(o.slot), { lengthTokens, match })
      : extendWithPrefixOnEveryRank([cache], slot(o.slot), { lengthTokens });
    assert.equal(outcome.kind, "allocated");
    length = lengthTokens;
    const { blocks } = o;
    insertPrefix(cache, slot(o.slot), { blocks, cachedTokens: length, checkpoints });
    recycle(cache.allocator, slot(o.slot), { nextPositionTokens: length, lengthTokens: length });
  }
  return match.hitTokens;
}

Deno.test("insertPrefix() keeps the window at a prompt's end and nothing before it", () => {
  const cache = buildCache();
  serve(cache, { slot: 0, blocks: [1, 2, 3], tokens: 96, chunk: 16 });
  releaseWithPrefix(cache, slot(0));
  const { fullHeadPages, windowHeadPages } = pageStatistics(cache.allocator);
  // After 96 tokens the next query sees 16 before it: one page of the window head.
  assert.deepEqual([fullHeadPages, windowHeadPages], [6, 1]);
});

Deno.test("recycle() leaves a cached prefix's window alone while its own request continues", () => {
  const cache = buildCache();
  serve(cache, { slot: 0, blocks: [1, 2], tokens: 64, chunk: 16 });
  const [before] = rowsOf(cache.allocator, 0);
  extendWithPrefixOnEveryRank([cache], slot(0), { lengthTokens: 128 });
  recycle(cache.allocator, slot(0), { nextPositionTokens: 128, lengthTokens: 128 });
  assert.deepEqual(rowsOf(cache.allocator, 0)[0].slice(0, 4), [-1, -1, -1, -1]);
  // A second request finds the very page that the first one has let go.
  assert.equal(serve(cache, { slot: 1, blocks: [1, 2, 3], tokens: 79 }), 64);
  assert.equal(rowsOf(cache.allocator, 1)[0][3], before[3]);
});

Deno.test("admitWithPrefix() shares every page of full heads when two prompts meet", () => {
  for (const layout of ["headwise", "pooled"] as Layout[]) {
    const cache = buildCache({ layout });
    serve(cache, { slot: 0, blocks: [1, 2], tokens: 70 });
    const free = freePages(cache.allocator);
    assert.equal(serve(cache, { slot: 1, blocks: [1, 2], tokens: 75 }), 64);
    assert.equal(freePages(cache.allocator), free - 2);
    const [left, right] = [0, 1].map((index) => rowsOf(cache.allocator, index)[1].slice(0, 4));
    assert.deepEqual(left, right);
  }
});

Deno.test("admitWithPrefix() evicts the least recently used prefix when pages are short", () => {
  const cache = buildCache({ pagesPerHead: 6 });
  for (const block of [1, 2, 3]) {
    serve(cache, { slot: 0, blocks: [block], tokens: 33 });
    releaseWithPrefix(cache, slot(0));
  }
  assert.equal(cache.statistics.cachedBlocks, 3);
  // The first is used again, so the second is the oldest.
  serve(cache, { slot: 0, blocks: [1], tokens: 33 });
  releaseWithPrefix(cache, slot(0));
  serve(cache, { slot: 1, blocks: [4], tokens: 48 });
  assert.equal(findPrefix(cache, [2], 40).hitTokens, 0);
  assert.equal(findPrefix(cache, [1], 40).hitTokens, 32);
});

Deno.test("admitWithPrefix() refuses whole when all that can be evicted would not do", () => {
  const cache = buildCache({ pagesPerHead: 6 });
  serve(cache, { slot: 0, blocks: [1], tokens: 33 });
  releaseWithPrefix(cache, slot(0));
  serve(cache, { slot: 1, blocks: [2], tokens: 40 });
  const free = freePages(cache.allocator);
  const match = findPrefix(cache, [], 150);
  assert.equal(canAdmitWithPrefix(cache, { lengthTokens: 150 }, match), false);
  const outcome = admitWithPrefix(cache, slot(0), { lengthTokens: 150, match });
  assert.equal(outcome.kind, "shortage");
  // The idle block went, and the window that the running request's own prefix kept.
  assert.equal(cache.statistics.cachedBlocks, 1);
  assert.ok(freePages(cache.allocator) > free);
  assert.equal(admitWithPrefix(cache, slot(0), { lengthTokens: 161, match }).kind, "refused");
});

Deno.test("evictPrefix() waits for the step in flight before it hands pages out", () => {
  const cache = buildCache();
  serve(cache, { slot: 0, blocks: [1], tokens: 33 });
  releaseWithPrefix(cache, slot(0));
  const step = beginStep(cache.allocator);
  const free = freePages(cache.allocator);
  assert.equal(evictPrefix(cache), 1);
  assert.equal(freePages(cache.allocator), free);
  completeStep(cache.allocator, step);
  assert.equal(freePages(cache.allocator), 24);
  assert.equal(evictPrefix(cache), 0);
});

Deno.test("admitWithPrefix() refuses a match that the cache has outlived, by its clause", () => {
  const cache = buildCache();
  serve(cache, { slot: 0, blocks: [1, 2], tokens: 70 });
  releaseWithPrefix(cache, slot(0));
  const match = findPrefix(cache, [1, 2], 70);
  while (evictPrefix(cache) > 0);
  const codeOf = (act: () => unknown): string => {
    try {
      act();
    } catch (error) {
      if (error instanceof AllocatorError) return error.code;
      throw error;
    }
    return "";
  };
  assert.equal(
    codeOf(() => admitWithPrefix(cache, slot(0), { lengthTokens: 80, match })),
    "prefix/window",
  );
  serve(cache, { slot: 0, blocks: [1, 2], tokens: 70 });
  const found = findPrefix(cache, [1, 2], 70);
  assert.equal(
    codeOf(() => admitWithPrefix(cache, slot(0), { lengthTokens: 80, match: found })),
    "slot/occupied",
  );
  assert.equal(
    codeOf(() => admitWithPrefix(cache, slot(1), { lengthTokens: 64, match: found })),
    "length/invalid",
  );
  const other = buildCache();
  const matches = [found, findPrefix(other, [1, 2], 70)];
  assert.equal(
    codeOf(() =>
      admitWithPrefixOnEveryRank([cache, other], slot(1), { lengthTokens: 80, matches })
    ),
    "rank/mismatch",
  );
  assert.equal(
    codeOf(() => insertPrefix(cache, slot(0), { blocks: [1], cachedTokens: 999, checkpoints: [] })),
    "position/invalid",
  );
});

Deno.test("createPrefixCache() refuses a block that is not a whole number of pages", () => {
  for (const blockTokens of [0, 24, 8, -16]) {
    assert.throws(() => buildCache({ blockTokens }), /blockTokens/);
  }
});
