import assert from "node:assert/strict";
import fc from "fast-check";
import { cutChains, isChainable } from "./plan_chains.ts";
import { ITEM_ROWS } from "./item_rows.ts";
import { MAX_SPLITS } from "./plan_splits.ts";
import { createTileList, type PlanOptions, TILE, TILE_WORDS, type TileList } from "./plan_tiles.ts";

interface Piece {
  tile: number;
  begin: number;
  end: number;
}

const OPTIONS: PlanOptions = {
  group: 5,
  pageSizeTokens: 64,
  pageRows: 64,
  headRows: 64,
  walk: "visible",
  isChained: true,
  parallelItems: 8,
};

Deno.test("cutChains() covers every tile once, in order, with as many chains as workers at most", () => {
  const pages = fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 60 });
  const sizes = fc.constantFrom(16, 64, 256);
  fc.assert(fc.property(pages, fc.integer({ min: 1, max: 600 }), sizes, (counts, workers, size) => {
    const chains = chainsOf(counts, { workers, pageSizeTokens: size });
    const pieces = chains.flat();
    let tile = 0;
    let from = 0;
    for (const piece of pieces) {
      assert.deepEqual([piece.tile, piece.begin], [tile, from]);
      assert.ok(piece.end > piece.begin || counts[tile] === 0);
      from = piece.end;
      if (from === counts[tile]) [tile, from] = [tile + 1, 0];
    }
    assert.equal(tile, counts.length);
    assert.ok(chains.length <= workers + 1);
    const splits = counts.map((_, index) => pieces.filter((piece) => piece.tile === index).length);
    assert.ok(Math.max(...splits) <= MAX_SPLITS);
  }));
});

Deno.test("cutChains() gives nearly equal shares where waves of equal splits would not", () => {
  // Half of the rows see a window: no split length of both fills 528 workgroups.
  const counts = Array.from({ length: 128 }, (_, tile) => tile % 4 < 2 ? 65 : 256);
  const chains = chainsOf(counts, { workers: 528, pageSizeTokens: 64 });
  const shares = chains.map((chain) => chain.reduce((sum, { begin, end }) => sum + end - begin, 0));
  const total = counts.reduce((sum, count) => sum + count, 0);
  assert.ok(Math.max(...shares) <= 1.08 * total / 528, `${Math.max(...shares)} of ${total / 528}`);
});

Deno.test("isChainable() leaves alone what has siblings, several sizes, stated splits or many tiles", () => {
  const tiles = tilesOf([3, 4]);
  assert.equal(isChainable(tiles, OPTIONS, 8), true);
  assert.equal(isChainable(tiles, { ...OPTIONS, isChained: false }, 8), false);
  assert.equal(isChainable(tiles, { ...OPTIONS, splitTokens: 64 }, 8), false);
  assert.equal(isChainable(tilesOf(Array.from({ length: 17 }, () => 1)), OPTIONS, 8), false);
  assert.equal(isChainable(tilesOf([]), OPTIONS, 8), false);
  tiles.words[TILE_WORDS + TILE.size]++;
  assert.equal(isChainable(tiles, OPTIONS, 8), false);
  for (const rows of ITEM_ROWS) {
    const sized = tilesOf([3]);
    sized.words[TILE.size] = ITEM_ROWS.indexOf(rows);
    const matrices = { ...OPTIONS, rowSizes: { leastMatrixRows: 9, rowGroups: 4 } as const };
    assert.equal(isChainable(sized, OPTIONS, 8), rows < 64, `${rows} rows`);
    assert.equal(isChainable(sized, matrices, 8), rows < 64 && rows !== 16, `${rows} rows`);
  }
  const siblings = tilesOf([3, 4]);
  siblings.words[TILE.siblings] = 2;
  assert.equal(isChainable(siblings, OPTIONS, 8), false);
});

function chainsOf(
  counts: readonly number[],
  o: { readonly workers: number; readonly pageSizeTokens: number },
): Piece[][] {
  const chains: Piece[][] = [];
  cutChains(tilesOf(counts), o, o.workers, {
    piece(tile, begin, end, isFirst) {
      if (isFirst) chains.push([]);
      chains.at(-1)!.push({ tile, begin, end });
    },
  });
  return chains;
}

function tilesOf(pages: readonly number[]): TileList {
  const tiles = createTileList();
  tiles.words = new Int32Array((pages.length + 1) * TILE_WORDS);
  tiles.count = pages.length;
  for (const [tile, count] of pages.entries()) {
    tiles.words[tile * TILE_WORDS + TILE.pages] = count;
    tiles.words[tile * TILE_WORDS + TILE.siblings] = 1;
  }
  return tiles;
}
