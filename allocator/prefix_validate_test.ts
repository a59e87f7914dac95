import assert from "node:assert/strict";
import { slot } from "./builders_test.ts";
import type { PrefixCache } from "./mod.ts";
import {
  admitWithPrefix,
  createPrefixCache,
  findPrefix,
  headMapFromLayers,
  insertPrefix,
} from "./mod.ts";
import { validatePrefixCache } from "./prefix_validate.ts";

/** One request whose prompt of two blocks is cached. */
function buildCache(): PrefixCache {
  const cache = createPrefixCache({
    layout: "pooled",
    heads: headMapFromLayers({
      kindsByLayer: [["window", "full"]],
      windowTokens: 17,
      sinkTokens: 0,
    }),
    slots: 2,
    pagesPerHead: 12,
    pageSizeTokens: 16,
    modelLengthTokens: 160,
    recycle: true,
    pageOrder: { kind: "identity" },
    blockTokens: 32,
  });
  const blocks = [1, 2];
  admitWithPrefix(cache, slot(0), { lengthTokens: 70, match: findPrefix(cache, blocks, 69) });
  insertPrefix(cache, slot(0), { blocks, cachedTokens: 70, checkpoints: [2] });
  assert.deepEqual(validatePrefixCache(cache), []);
  return cache;
}

Deno.test("validatePrefixCache() finds each kind of damage by its clause", () => {
  const first = (cache: PrefixCache) => cache.root.children.get(1)!;
  const second = (cache: PrefixCache) => first(cache).children.get(2)!;
  const table: readonly [string, string, (cache: PrefixCache) => void][] = [
    ["a holder too few", "pool/conservation", ({ allocator }) => {
      const { owners, references } = allocator.state.pools;
      references![owners.indexOf(-4)]--;
    }],
    ["a lost user", "pool/conservation", (cache) => {
      first(cache).users--;
    }],
    ["a window page that is not kept", "prefix/window", (cache) => {
      second(cache).pages[1] = -1;
    }],
    ["a window page that no one reaches", "prefix/window", (cache) => {
      first(cache).pages[0] = cache.allocator.table.ids[0];
    }],
    ["a reach that is counted wrong", "prefix/window", (cache) => {
      second(cache).reach[1]++;
    }],
    ["a block that no one counts", "pool/conservation", (cache) => {
      cache.statistics.cachedBlocks++;
    }],
    ["evictable columns that are none", "pool/conservation", (cache) => {
      cache.evictableFullColumns++;
    }],
  ];
  for (const [name, clause, damage] of table) {
    const cache = buildCache();
    damage(cache);
    const clauses = validatePrefixCache(cache).map((violation) => violation.clause);
    assert.ok(clauses.includes(clause), `${name}: ${clauses.join()}`);
  }
});
