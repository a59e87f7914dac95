/**
 * Equal shares of a decode step. As many workgroups as a device runs at once take the keys of all
 * tiles in turn, each about as many: where a share ends inside a tile the tile is split there, and
 * what is left of the share begins the next tile. A workgroup's items are a chain, so none waits for a
 * second wave, and tiles of unequal length need no split that suits them all.
 */

import { isVectorSize, ITEM_ROWS } from "./item_rows.ts";
import { MAX_SPLITS } from "./plan_splits.ts";
import { type PlanOptions, TILE, TILE_WORDS, type TileList } from "./plan_tiles.ts";

/** What an item costs besides its keys, as tokens that could be read in that time. */
const ITEM_OVERHEAD_TOKENS = 128;
/** Shorter pieces of a tile do not repay a partial output. */
const LEAST_TOKENS = 128;
/** Tiles for each workgroup from which on items even each other out by themselves. */
const MANY_TILES = 2;

/** Receives the pieces, in order: a tile's pieces follow each other, and so do a workgroup's. */
export interface PieceSink {
  /** Pages [begin, end) of a tile; `isFirst` where the piece begins a workgroup's chain. */
  piece(tile: number, begin: number, end: number, isFirst: boolean): void;
}

/**
 * Whether a step is cut into chains: tiles of one size of the vector kernel without siblings, and
 * fewer of them than even each other out.
 */
export function isChainable(tiles: TileList, o: PlanOptions, workers: number): boolean {
  if (!o.isChained || o.splitTokens !== undefined || tiles.count === 0) return false;
  if (tiles.count > MANY_TILES * workers) return false;
  const size = tiles.words[TILE.size];
  if (!isVectorSize(ITEM_ROWS[size], o.rowSizes)) return false;
  for (let tile = 0; tile < tiles.count; tile++) {
    const at = tile * TILE_WORDS;
    if (tiles.words[at + TILE.size] !== size || tiles.words[at + TILE.siblings] > 1) return false;
  }
  return true;
}

/**
 * Cuts tiles into equal shares.
 *
 * @param workers Workgroups that the device runs at once.
 */
export function cutChains(
  tiles: TileList,
  o: Pick<PlanOptions, "pageSizeTokens">,
  workers: number,
  sink: PieceSink,
): void {
  const overhead = Math.ceil(ITEM_OVERHEAD_TOKENS / o.pageSizeTokens);
  const least = Math.max(1, Math.ceil(LEAST_TOKENS / o.pageSizeTokens));
  let total = 0;
  let longest = 0;
  for (let tile = 0; tile < tiles.count; tile++) {
    const pages = tiles.words[tile * TILE_WORDS + TILE.pages];
    total += pages + overhead;
    longest = Math.max(longest, pages);
  }
  // Each workgroup's first item may begin inside a tile, which is then one item more.
  const share = Math.max(
    least + overhead,
    Math.ceil((total + workers * overhead) / workers),
    Math.ceil(longest / (MAX_SPLITS - 2)) + overhead,
  );
  let left = 0;
  for (let tile = 0; tile < tiles.count; tile++) {
    const pages = tiles.words[tile * TILE_WORDS + TILE.pages];
    let begin = 0;
    do {
      const isFirst = left < overhead + Math.min(least, pages - begin);
      if (isFirst) left = share;
      let end = Math.min(pages, begin + left - overhead);
      // What would be left of the tile is too short for an item of its own.
      if (pages - end < least) end = pages;
      sink.piece(tile, begin, end, isFirst);
      left -= end - begin + overhead;
      begin = end;
    } while (begin < pages);
  }
}
