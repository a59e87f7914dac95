import assert from "node:assert/strict";
import fc from "fast-check";
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
