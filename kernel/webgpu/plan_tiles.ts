/**
 * The tiles of a step: rows of one slot and KV head that share their keys, and the pages that they
 * see. Visibility comes before splitting: the pages that some row of a tile sees are at most two
 * runs, sinks and window, and a page outside them is never read.
 */

import type { GroupRows } from "../step_rows.ts";
import { itemRowsIndex, itemRowsOf, type RowSizes } from "./item_rows.ts";

/** One step's rows, with what the planner needs beside them. */
export interface PlanBatch extends GroupRows {
  /** [H] W of each KV head, 0 is full context. */
  readonly headWindows: Int32Array;
  /** S. */
  readonly sinkTokens: number;
  /** [2T] ranges in place of the causal limit. */
  readonly maskRanges?: Int32Array;
  /** KV heads that this pass computes; all by default. The others' output is left alone. */
  readonly heads?: readonly number[];
}

/** How a batch is planned. */
export interface PlanOptions {
  /** G. */
  readonly group: number;
  /** P. */
  readonly pageSizeTokens: number;
  /** Cache rows from one page id to the next: H·P, or P in the pooled layout. */
  readonly pageRows: number;
  /** Cache rows from one head to the next: P, or 0 in the pooled layout. */
  readonly headRows: number;
  /**
   * `visible` reads the pages that some row sees. `row` reads every page up to the last position
   * and lets the mask hide the rest: what a kernel does that does not clip.
   */
  readonly walk: "row" | "visible";
  /** What decides the sizes of items. @default {no matrices} */
  readonly rowSizes?: RowSizes;
  /** Whether items of the vector kernel join the splits of their rows where these are few. */
  readonly mergesInside?: boolean;
  /** Subgroups of an item of the vector kernel. @default {2} */
  readonly subgroups?: number;
  /** What differs in steps of few keys; left out, nothing does. */
  readonly short?: Partial<PlanOptions>;
  /** Items that keep the device busy; splitting aims at this many. */
  readonly parallelItems: number;
  /** Tokens of a split, in place of a choice by `parallelItems`; rounded up to whole pages. */
  readonly splitTokens?: number;
}

/** 32-bit words of a tile, in the order of `TILE`. */
export const TILE_WORDS = 16;

/** Places of a tile's words. */
export const TILE = {
  /** First query token of the slot. */
  queryToken: 0,
  slot: 1,
  /** KV head. */
  head: 2,
  rows: 3,
  /** First row, counted within the slot and head. */
  firstRow: 4,
  /** Pages of the first run. */
  firstPages: 5,
  /** Where the first run begins. */
  firstPage: 6,
  /** Page of the second run less the pages of the first. */
  secondShift: 7,
  /** Tokens of the runs, counted without the gap, that every row sees: begin. */
  unmaskedBegin: 8,
  /** The same: end. */
  unmaskedEnd: 9,
  /** Cache row of a key that some row sees, or 0. */
  safeRow: 10,
  /** Pages of both runs; 0 where no key is held. */
  pages: 11,
  /** Place of the tile's size in `ITEM_ROWS`. */
  size: 12,
  /** Tiles of the same slot and head from this one on, this one included. */
  siblings: 13,
} as const;

/** A list of tiles, reused from step to step. */
export interface TileList {
  /** `TILE_WORDS` a tile; only the first `count` count. */
  words: Int32Array<ArrayBuffer>;
  count: number;
  /** How many tiles have how many pages, for the choice of splits. */
  readonly lengths: LengthCounts;
}

/**
 * Tiles counted by their pages: most tiles of a step are as long as others. Kept from step to step,
 * so that a plan makes no garbage.
 */
export interface LengthCounts {
  /** Tiles of each number of pages. */
  tilesOfLength: Int32Array<ArrayBuffer>;
  /** The numbers of pages that some tile has; only the first `count` count. */
  distinctPages: Int32Array<ArrayBuffer>;
  count: number;
}

/** Makes an empty list. */
export function createTileList(): TileList {
  return {
    words: new Int32Array(64 * TILE_WORDS),
    count: 0,
    lengths: {
      tilesOfLength: new Int32Array(1024),
      distinctPages: new Int32Array(64),
      count: 0,
    },
  };
}

const NO_MATRICES: RowSizes = { leastMatrixRows: Infinity };

interface Tile {
  slot: number;
  head: number;
  queryToken: number;
  firstRow: number;
  rows: number;
}

/** What some tokens of a slot see: the same for every head of one window. */
interface Runs {
  /** The slot, or −1 before the first of a step. */
  slot: number;
  firstToken: number;
  lastToken: number;
  windowTokens: number;
  firstPage: number;
  firstPages: number;
  secondPage: number;
  secondPages: number;
  unmaskedBegin: number;
  unmaskedEnd: number;
}

// One object each for every tile of every step; a plan makes no garbage.
const tile: Tile = { slot: 0, head: 0, queryToken: 0, firstRow: 0, rows: 0 };
const runs: Runs = {
  slot: -1,
  firstToken: 0,
  lastToken: 0,
  windowTokens: 0,
  firstPage: 0,
  firstPages: 0,
  secondPage: 0,
  secondPages: 0,
  unmaskedBegin: 0,
  unmaskedEnd: 0,
};

/**
 * Lists the tiles of a batch.
 *
 * @param batch The step's rows.
 */
export function listTiles(list: TileList, batch: PlanBatch, o: PlanOptions): void {
  list.count = 0;
  runs.slot = -1;
  const passes = batch.heads?.length ?? batch.headWindows.length;
  let queryToken = 0;
  for (let slot = 0; slot < batch.queryLengths.length; slot++) {
    const tokens = batch.queryLengths[slot];
    if (tokens === 0) continue;
    const packedRows = tokens * o.group;
    const tileRows = itemRowsOf(packedRows, o.rowSizes ?? NO_MATRICES);
    const size = itemRowsIndex(tileRows);
    for (let pass = 0; pass < passes; pass++) {
      for (let firstRow = 0; firstRow < packedRows; firstRow += tileRows) {
        tile.slot = slot;
        tile.head = batch.heads?.[pass] ?? pass;
        tile.queryToken = queryToken;
        tile.firstRow = firstRow;
        tile.rows = Math.min(tileRows, packedRows - firstRow);
        addTile(list, batch, o, size, Math.ceil((packedRows - firstRow) / tileRows));
      }
    }
    queryToken += tokens;
  }
}

function addTile(
  list: TileList,
  batch: PlanBatch,
  o: PlanOptions,
  size: number,
  siblings: number,
): void {
  const { slot, head, queryToken, firstRow, rows } = tile;
  const firstToken = Math.floor(firstRow / o.group);
  const lastToken = Math.floor((firstRow + rows - 1) / o.group);
  const windowTokens = batch.headWindows[head];
  if (
    slot !== runs.slot || firstToken !== runs.firstToken || lastToken !== runs.lastToken ||
    windowTokens !== runs.windowTokens
  ) {
    findRuns(batch, o, firstToken, lastToken);
    findPlain(batch, o, firstToken, lastToken);
    runs.slot = slot;
    runs.firstToken = firstToken;
    runs.lastToken = lastToken;
    runs.windowTokens = windowTokens;
  }
  const safeRow = findAnchor(batch, o, firstToken, lastToken);
  const at = list.count++ * TILE_WORDS;
  if (at + TILE_WORDS > list.words.length) {
    const grown = new Int32Array(list.words.length * 2);
    grown.set(list.words);
    list.words = grown;
  }
  const { words } = list;
  words[at + TILE.queryToken] = queryToken;
  words[at + TILE.slot] = slot;
  words[at + TILE.head] = head;
  words[at + TILE.rows] = rows;
  words[at + TILE.firstRow] = firstRow;
  words[at + TILE.firstPages] = runs.firstPages;
  words[at + TILE.firstPage] = runs.firstPage;
  words[at + TILE.secondShift] = runs.secondPage - runs.firstPages;
  words[at + TILE.unmaskedBegin] = runs.unmaskedBegin;
  words[at + TILE.unmaskedEnd] = runs.unmaskedEnd;
  words[at + TILE.safeRow] = Math.max(safeRow, 0);
  words[at + TILE.pages] = safeRow < 0 ? 0 : runs.firstPages + runs.secondPages;
  words[at + TILE.size] = size;
  words[at + TILE.siblings] = siblings;
}

/** Sets `runs` to the pages that some token of [firstToken, lastToken] sees. */
function findRuns(
  batch: PlanBatch,
  o: PlanOptions,
  firstToken: number,
  lastToken: number,
): void {
  const { slot, head, queryToken } = tile;
  const windowTokens = o.walk === "row" ? 0 : batch.headWindows[head];
  let begin = 0;
  let sinkEnd = batch.sinkTokens;
  let windowBegin = batch.cachedLengths[slot] + firstToken - windowTokens + 1;
  let end = batch.cachedLengths[slot] + lastToken + 1;
  if (batch.maskRanges !== undefined) {
    begin = Number.MAX_SAFE_INTEGER;
    end = sinkEnd = 0;
    windowBegin = Number.MAX_SAFE_INTEGER;
    for (let token = firstToken; token <= lastToken; token++) {
      const from = batch.maskRanges[(queryToken + token) * 2];
      const to = batch.maskRanges[(queryToken + token) * 2 + 1];
      if (to <= from) continue;
      begin = Math.min(begin, from);
      end = Math.max(end, to);
      sinkEnd = Math.max(sinkEnd, from + batch.sinkTokens);
      windowBegin = Math.min(windowBegin, to - windowTokens);
    }
  }
  const page = o.pageSizeTokens;
  const endPage = Math.ceil(end / page);
  runs.firstPage = end === 0 ? 0 : Math.floor(begin / page);
  if (end === 0) {
    runs.firstPages = runs.secondPage = runs.secondPages = 0;
    return;
  }
  const windowPage = Math.floor(Math.max(windowBegin, begin) / page);
  const sinkPage = batch.sinkTokens > 0 ? Math.ceil(sinkEnd / page) : runs.firstPage;
  if (windowTokens === 0 || windowPage <= sinkPage) {
    // One run: full context, or a window that reaches the sinks.
    const firstPage = windowTokens > 0 && batch.sinkTokens === 0 ? windowPage : runs.firstPage;
    runs.firstPage = firstPage;
    runs.firstPages = endPage - firstPage;
    runs.secondPage = endPage;
    runs.secondPages = 0;
    return;
  }
  runs.firstPages = sinkPage - runs.firstPage;
  runs.secondPage = windowPage;
  runs.secondPages = endPage - windowPage;
}

/** Sets the part of `runs` that needs no mask; with ranges there is none. */
function findPlain(
  batch: PlanBatch,
  o: PlanOptions,
  firstToken: number,
  lastToken: number,
): void {
  runs.unmaskedBegin = runs.unmaskedEnd = 0;
  if (batch.maskRanges !== undefined) return;
  const cached = batch.cachedLengths[tile.slot];
  const windowTokens = batch.headWindows[tile.head];
  const windowBegin = windowTokens === 0 ? 0 : cached + lastToken - windowTokens + 1;
  const begin = windowBegin <= batch.sinkTokens ? 0 : windowBegin;
  const shiftPages = runs.secondPages > 0 ? runs.secondPage - runs.firstPages : runs.firstPage;
  const shift = shiftPages * o.pageSizeTokens;
  runs.unmaskedBegin = Math.max(begin - shift, 0);
  runs.unmaskedEnd = Math.max(cached + firstToken + 1 - shift, 0);
}

/**
 * Cache row of a key that some row of the tile sees, or −1 if there is none: usually the first
 * token's own key. Lanes with nothing to read read this one.
 */
function findAnchor(
  batch: PlanBatch,
  o: PlanOptions,
  firstToken: number,
  lastToken: number,
): number {
  const { slot, head, queryToken } = tile;
  const windowTokens = batch.headWindows[head];
  for (let token = firstToken; token <= lastToken; token++) {
    let begin = 0;
    let end = batch.cachedLengths[slot] + token + 1;
    if (batch.maskRanges !== undefined) {
      begin = batch.maskRanges[(queryToken + token) * 2];
      end = batch.maskRanges[(queryToken + token) * 2 + 1];
    }
    const windowBegin = windowTokens === 0 ? begin : Math.max(begin, end - windowTokens);
    const inWindow = lastHeldRow(batch, o, windowBegin, end);
    if (inWindow >= 0) return inWindow;
    const inSinks = lastHeldRow(batch, o, begin, Math.min(end, begin + batch.sinkTokens));
    if (inSinks >= 0) return inSinks;
  }
  return -1;
}

/** Cache row of the last key in [begin, end) whose page is held, or −1. */
function lastHeldRow(batch: PlanBatch, o: PlanOptions, begin: number, end: number): number {
  const { layout, columns, kvHeads, slots, ids } = batch.table;
  const tableRow = layout === "uniform"
    ? tile.slot
    : (batch.group * slots + tile.slot) * kvHeads + tile.head;
  for (let key = end - 1; key >= begin;) {
    const column = Math.floor(key / o.pageSizeTokens);
    const id = column < columns ? ids[tableRow * columns + column] : -1;
    if (id >= 0) return id * o.pageRows + tile.head * o.headRows + key % o.pageSizeTokens;
    key = column * o.pageSizeTokens - 1;
  }
  return -1;
}
