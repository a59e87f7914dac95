/**
 * Where tiles are cut. A device runs so many items at once (a wave), and an item more than fits a
 * wave costs as much as a wave of its own: with equal items, 1.1 waves take twice the time of one.
 * So the number of items is fitted to whole waves, and more waves are taken only where tiles of
 * unequal length make up for it.
 */

import { ITEM_ROWS, MATRIX_ROWS, TILE_ROWS } from "./item_rows.ts";
import {
  type LengthCounts,
  type PlanOptions,
  TILE,
  TILE_WORDS,
  type TileList,
} from "./plan_tiles.ts";

/** More splits than this cost more in the merge than they gain in balance: a power of two. */
export const MAX_SPLITS = 64;
/** Fewer tokens than this do not repay a partial output. */
const MIN_SPLIT_TOKENS = 128;
/** Waves that are considered. */
const MAX_WAVES = 4;
/**
 * Most tokens of an item whose pages another item reads beside it: in longer ones the two drift
 * apart, and the second no longer finds the pages in a cache of the device.
 */
const SHARED_TOKENS = 4096;
/** What an item costs besides its pages, as tokens that could be read in that time. */
const ITEM_OVERHEAD_TOKENS = 128;

/**
 * The most items that tiles are ever cut into.
 *
 * @param o How many tiles, most tokens of one, and items that the device runs at once.
 */
export function maxItems(
  o: { readonly tiles: number; readonly tokens: number; readonly parallelItems: number },
): number {
  const shared = Math.ceil(o.tokens / SHARED_TOKENS);
  return o.tiles * (1 + shared) + MAX_WAVES * o.parallelItems;
}

/**
 * Chooses the most pages of an item.
 *
 * @param o How many items the device runs at once, or tokens of a split stated outright.
 * @returns Pages, at least 1.
 */
export function chooseSplitPages(
  tiles: TileList,
  o: Pick<PlanOptions, "pageSizeTokens" | "parallelItems" | "splitTokens" | "subgroups">,
): number {
  let total = 0;
  let longest = 0;
  let isShared = false;
  for (let tile = 0; tile < tiles.count; tile++) {
    const at = tile * TILE_WORDS;
    const pages = tiles.words[at + TILE.pages];
    total += pages;
    longest = Math.max(longest, pages);
    isShared ||= tiles.words[at + TILE.siblings] > 1 &&
      ITEM_ROWS[tiles.words[at + TILE.size]] < TILE_ROWS;
  }
  const parallelItems = parallelItemsOf(tiles, o);
  const share = Math.ceil(total / parallelItems);
  const wanted = Math.ceil((o.splitTokens ?? MIN_SPLIT_TOKENS) / o.pageSizeTokens);
  const least = Math.max(1, wanted, Math.ceil(longest / MAX_SPLITS));
  if (o.splitTokens !== undefined) return least;
  const most = Math.max(least, isShared ? SHARED_TOKENS / o.pageSizeTokens : longest);
  // So many tiles even each other out: only those far longer than the others are cut.
  if (tiles.count > MAX_WAVES / 2 * parallelItems) {
    return Math.min(most, Math.max(least, Math.ceil(share / MAX_WAVES)));
  }
  groupByLength(tiles, longest);
  const overhead = ITEM_OVERHEAD_TOKENS / o.pageSizeTokens;
  let best = Math.max(least, longest);
  let bestCost = Infinity;
  for (let waves = 1; waves <= MAX_WAVES; waves++) {
    const pages = fewestPages(tiles.lengths, waves * parallelItems, least, longest);
    if (pages < 0) continue;
    // Items of several waves start when others end: on the mean the last ends half an item late, but
    // nearly equal ones of whole waves end together.
    const tail = waves === 1 ? 0 : pages / 2;
    const busy = Math.min(waves * pages, Math.max(total / parallelItems, pages) + tail);
    const cost = busy + waves * overhead;
    if (cost < bestCost) {
      best = pages;
      bestCost = cost;
    }
  }
  return Math.min(most, best);
}

/** Items that a device runs at once: more where all are of matrices, which have one subgroup. */
function parallelItemsOf(
  tiles: TileList,
  o: Pick<PlanOptions, "parallelItems" | "subgroups">,
): number {
  for (let tile = 0; tile < tiles.count; tile++) {
    const rows = ITEM_ROWS[tiles.words[tile * TILE_WORDS + TILE.size]];
    if (rows !== MATRIX_ROWS) return o.parallelItems;
  }
  return o.parallelItems * (tiles.count === 0 ? 1 : o.subgroups ?? 2);
}

/** The smallest split that gives at most so many items, or −1 where there is none. */
function fewestPages(
  lengths: LengthCounts,
  items: number,
  least: number,
  longest: number,
): number {
  let low = least;
  let high = Math.max(least, longest);
  if (countItems(lengths, high) > items) return -1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (countItems(lengths, middle) <= items) high = middle;
    else low = middle + 1;
  }
  return low;
}

function countItems(lengths: LengthCounts, splitPages: number): number {
  const { tilesOfLength, distinctPages } = lengths;
  let count = 0;
  for (let index = 0; index < lengths.count; index++) {
    const pages = distinctPages[index];
    count += tilesOfLength[pages] * Math.max(1, Math.ceil(pages / splitPages));
  }
  return count;
}

function groupByLength({ words, count, lengths }: TileList, longest: number): void {
  for (let index = 0; index < lengths.count; index++) {
    lengths.tilesOfLength[lengths.distinctPages[index]] = 0;
  }
  lengths.count = 0;
  if (lengths.tilesOfLength.length <= longest) lengths.tilesOfLength = new Int32Array(2 * longest);
  if (lengths.distinctPages.length < count) lengths.distinctPages = new Int32Array(2 * count);
  for (let tile = 0; tile < count; tile++) {
    const pages = words[tile * TILE_WORDS + TILE.pages];
    if (lengths.tilesOfLength[pages]++ === 0) lengths.distinctPages[lengths.count++] = pages;
  }
}
