import assert from "node:assert/strict";
import fc from "fast-check";
import { ITEM_ROWS, TILE_ROWS } from "./item_rows.ts";
import { chooseSplitPages, maxItems } from "./plan_splits.ts";
import { createTileList, TILE, TILE_WORDS, type TileList } from "./plan_tiles.ts";

function tilesOf(pages: readonly number[], siblings = 1): TileList {
  const words = new Int32Array(pages.length * TILE_WORDS);
  pages.forEach((count, tile) => {
    words[tile * TILE_WORDS + TILE.pages] = count;
    words[tile * TILE_WORDS + TILE.siblings] = siblings;
  });
  return { ...createTileList(), words, count: pages.length };
}

function itemsOf(pages: readonly number[], splitPages: number): number {
  return pages.reduce((sum, count) => sum + Math.max(1, Math.ceil(count / splitPages)), 0);
}

const repeat = (count: number, pages: number): number[] => new Array(count).fill(pages);
const O = { pageSizeTokens: 64, parallelItems: 528 };

Deno.test("chooseSplitPages() fills one wave when rows are equal", () => {
  const pages = repeat(128, 256);
  const split = chooseSplitPages(tilesOf(pages), O);
  assert.equal(itemsOf(pages, split), 512, "four of each row; five would be 1.2 waves");
});

Deno.test("chooseSplitPages() leaves rows whole that nearly fill two waves", () => {
  assert.equal(chooseSplitPages(tilesOf(repeat(1024, 64)), O), 64);
  assert.equal(chooseSplitPages(tilesOf([...repeat(1000, 64), ...repeat(24, 50)]), O), 64);
  const uneven = chooseSplitPages(tilesOf([...repeat(500, 64), ...repeat(524, 2)]), O);
  assert.ok(uneven < 64, `${uneven}`);
});

Deno.test("chooseSplitPages() stays within a wave when half of the heads have windows", () => {
  const pages = [...repeat(64, 256), ...repeat(64, 66)];
  const split = chooseSplitPages(tilesOf(pages), O);
  assert.equal(itemsOf(pages, split), 512, "six of a full row and two of a window");
});

Deno.test("chooseSplitPages() takes several waves when one would leave the device half empty", () => {
  const pages = repeat(300, 256);
  const items = itemsOf(pages, chooseSplitPages(tilesOf(pages), O));
  assert.ok(items > 1.9 * 528 && items <= 4 * 528, `${items}`);
});

Deno.test("chooseSplitPages() cuts the one long row among many short ones", () => {
  const pages = [...repeat(2032, 16), ...repeat(16, 2048)];
  const split = chooseSplitPages(tilesOf(pages), O);
  const share = pages.reduce((sum, count) => sum + count, 0) / O.parallelItems;
  assert.ok(split <= share + 1, `${split} pages are more than an equal share of ${share}`);
});

Deno.test("chooseSplitPages() keeps items short whose pages another item reads beside them", () => {
  const pages = repeat(128, 2048);
  assert.equal(chooseSplitPages(tilesOf(pages, 1), O), 512);
  assert.equal(chooseSplitPages(tilesOf(pages, 2), O), 64);
});

Deno.test("chooseSplitPages() does not cut rows of a hundred tokens", () => {
  assert.equal(chooseSplitPages(tilesOf(repeat(8, 2)), O), 2);
});

Deno.test("chooseSplitPages() never gives more items than maxItems() makes room for", () => {
  const pages = fc.array(fc.nat(3000), { minLength: 1, maxLength: 300 });
  fc.assert(fc.property(pages, fc.integer({ min: 1, max: 600 }), (counts, parallelItems) => {
    for (const siblings of [1, 2]) {
      const tiles = tilesOf(counts, siblings);
      const split = chooseSplitPages(tiles, { pageSizeTokens: 16, parallelItems });
      const tokens = 16 * Math.max(...counts);
      const most = maxItems({ tiles: counts.length, tokens, parallelItems });
      assert.ok(itemsOf(counts, split) <= most);
    }
  }));
});

/** What the search should find, by trying every split of every number of waves. */
function cheapestSplit(pages: readonly number[], o: typeof O): number {
  const total = pages.reduce((sum, count) => sum + count, 0);
  const longest = Math.max(...pages);
  const least = Math.max(1, Math.ceil(128 / o.pageSizeTokens), Math.ceil(longest / 64));
  let best = { pages: Math.max(least, longest), cost: Infinity };
  for (const waves of [1, 2, 3, 4]) {
    for (let split = least; split <= Math.max(least, longest); split++) {
      if (itemsOf(pages, split) > waves * o.parallelItems) continue;
      const late = Math.max(total / o.parallelItems, split) + (waves === 1 ? 0 : split / 2);
      const busy = Math.min(waves * split, late);
      const cost = busy + waves * 128 / o.pageSizeTokens;
      // Fewer waves where both cost the same.
      if (cost < best.cost) best = { pages: split, cost };
      break;
    }
  }
  return best.pages;
}

Deno.test("chooseSplitPages() finds the cheapest of one to four waves while tiles are few", () => {
  const even = fc.tuple(fc.integer({ min: 1, max: 16 }), fc.integer({ min: 1, max: 40 }));
  const pages = fc.oneof(
    fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 16 }),
    even.map(([count, each]) => repeat(count, each)),
  );
  const sizes = fc.constantFrom(16, 64, 128);
  fc.assert(
    fc.property(pages, fc.integer({ min: 8, max: 40 }), sizes, (counts, parallelItems, size) => {
      const o = { pageSizeTokens: size, parallelItems };
      assert.equal(chooseSplitPages(tilesOf(counts), o), cheapestSplit(counts, o));
    }),
    { seed: 1, numRuns: 2000 },
  );
});

Deno.test("chooseSplitPages() stops the search only past two tiles for each item at once", () => {
  const o = { pageSizeTokens: 128, parallelItems: 4 };
  const few = [40, ...repeat(7, 1)];
  assert.equal(chooseSplitPages(tilesOf(few), o), cheapestSplit(few, o));
  // Then an equal share of the pages, over four waves.
  const many = [41, ...repeat(8, 1)];
  assert.equal(chooseSplitPages(tilesOf(many), o), Math.ceil(Math.ceil(49 / 4) / 4));
});

Deno.test("chooseSplitPages() keeps shared items short up to the most rows of a vector program", () => {
  const splitOfRows = (rows: number): number => {
    const tiles = tilesOf(repeat(128, 2048), 2);
    for (let tile = 0; tile < 128; tile++) {
      tiles.words[tile * TILE_WORDS + TILE.size] = ITEM_ROWS.indexOf(rows);
    }
    return chooseSplitPages(tiles, O);
  };
  for (const rows of ITEM_ROWS) {
    assert.equal(splitOfRows(rows), rows < TILE_ROWS ? 64 : 512, `${rows} rows`);
  }
});
