/**
 * The work list: which rows read which pages, planned on the CPU before a step.
 *
 * Visibility comes first and splitting second. The pages that some row of an item can see are at
 * most two runs (sinks, then window); a page outside them is never read. Splitting then cuts what
 * is left, for any query length, so that a long row among short ones does not become the step.
 */

import type { BlockTable } from "../../allocator/mod.ts";
import { ITEM_ROWS, itemRowsIndex, itemRowsOf } from "./item_rows.ts";

/** 32-bit words of an item. */
export const ITEM_WORDS = 16;
/** 32-bit words of a merge entry. */
export const MERGE_WORDS = 8;
/** Marks an item that writes its output itself. */
const NOT_SPLIT = 0xffffffff;
/** More splits than this cost more in the merge than they gain in balance. */
const MAX_SPLITS = 64;
/** Fewer tokens than this do not repay a partial output. */
const MIN_SPLIT_TOKENS = 128;

/** One step's rows, as the planner needs them. */
export interface PlanBatch {
  /** Block table; `uniform` has one row a slot. */
  readonly table: BlockTable;
  /** Layer group whose rows are walked. */
  readonly group: number;
  /** [B] query tokens of each slot; 0 is idle. */
  readonly queryLengths: Int32Array;
  /** [B] tokens in the cache before the step. */
  readonly cachedLengths: Int32Array;
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
  /** D. */
  readonly headSize: number;
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
  /** Items that keep the device busy; splitting aims at this many. */
  readonly parallelItems: number;
  /** Tokens of a split, in place of a choice by `parallelItems`; rounded up to whole pages. */
  readonly splitTokens?: number;
}

/** A growable list of 32-bit words: no garbage once it has its size. */
export interface WordList {
  /** Storage; only the first `length` words count. */
  words: Uint32Array<ArrayBuffer>;
  /** Words in use. */
  length: number;
}

/** A plan, reused from step to step. */
export interface WorkPlan {
  /** Items by size, in the order of `ITEM_ROWS`. */
  readonly items: readonly WordList[];
  /** Rows that were split. */
  readonly merges: WordList;
  /** Rows of split outputs that the items write. */
  partialRows: number;
  /** Keys that the items read, each KV head counted, for byte counts. */
  keysRead: number;
}

/** Makes an empty plan. */
export function createWorkPlan(): WorkPlan {
  const items = ITEM_ROWS.map(() => createWordList());
  return { items, merges: createWordList(), partialRows: 0, keysRead: 0 };
}

function createWordList(): WordList {
  return { words: new Uint32Array(1024), length: 0 };
}

function reserve(list: WordList, count: number): number {
  const at = list.length;
  list.length += count;
  if (list.length > list.words.length) {
    const grown = new Uint32Array(Math.max(list.length, list.words.length * 2));
    grown.set(list.words);
    list.words = grown;
  }
  return at;
}

/** Pages that a tile of rows reads: [first, first + count) and [second, second + secondCount). */
interface Runs {
  firstPage: number;
  firstPages: number;
  secondPage: number;
  secondPages: number;
}

// One object for every tile of every step; a plan makes no garbage.
const runs: Runs = { firstPage: 0, firstPages: 0, secondPage: 0, secondPages: 0 };

/**
 * Plans a batch into `plan`.
 *
 * @param plan Filled anew.
 * @param batch The step's rows.
 * @param o How to plan.
 */
export function planBatch(plan: WorkPlan, batch: PlanBatch, o: PlanOptions): void {
  for (const list of plan.items) list.length = 0;
  plan.merges.length = 0;
  plan.partialRows = 0;
  plan.keysRead = 0;
  const splitPages = chooseSplitPages(batch, o);
  const heads = batch.headWindows.length;
  const passes = batch.heads?.length ?? heads;
  let queryToken = 0;
  for (let slot = 0; slot < batch.queryLengths.length; slot++) {
    const tokens = batch.queryLengths[slot];
    if (tokens === 0) continue;
    const packedRows = tokens * o.group;
    const tileRows = itemRowsOf(packedRows, o.headSize);
    const list = plan.items[itemRowsIndex(tileRows)];
    for (let pass = 0; pass < passes; pass++) {
      const head = batch.heads?.[pass] ?? pass;
      for (let firstRow = 0; firstRow < packedRows; firstRow += tileRows) {
        tile.slot = slot;
        tile.head = head;
        tile.queryToken = queryToken;
        tile.firstRow = firstRow;
        tile.rows = Math.min(tileRows, packedRows - firstRow);
        planTile(plan, list, batch, o, splitPages);
      }
    }
    queryToken += tokens;
  }
}

/** Rows of one slot and KV head that share their keys. */
interface Tile {
  slot: number;
  head: number;
  queryToken: number;
  firstRow: number;
  rows: number;
}

const tile: Tile = { slot: 0, head: 0, queryToken: 0, firstRow: 0, rows: 0 };

function planTile(
  plan: WorkPlan,
  list: WordList,
  batch: PlanBatch,
  o: PlanOptions,
  splitPages: number,
): void {
  const { slot, head, queryToken, firstRow, rows } = tile;
  const firstToken = Math.floor(firstRow / o.group);
  const lastToken = Math.floor((firstRow + rows - 1) / o.group);
  findRuns(batch, o, firstToken, lastToken);
  const anchorRow = findAnchor(batch, o, firstToken, lastToken);
  const pages = anchorRow < 0 ? 0 : runs.firstPages + runs.secondPages;
  const splits = Math.max(1, Math.ceil(pages / splitPages));
  const pagesPerSplit = Math.ceil(pages / splits);
  const partialBase = plan.partialRows;
  for (let split = 0; split < splits; split++) {
    const begin = Math.min(split * pagesPerSplit, pages);
    const end = Math.min(begin + pagesPerSplit, pages);
    const at = reserve(list, ITEM_WORDS);
    const { words } = list;
    words[at] = queryToken;
    words[at + 1] = slot;
    words[at + 2] = head;
    words[at + 3] = rows;
    words[at + 4] = firstRow;
    words[at + 5] = batch.cachedLengths[slot];
    words[at + 6] = begin * o.pageSizeTokens;
    words[at + 7] = end * o.pageSizeTokens;
    words[at + 8] = runs.firstPages;
    words[at + 9] = runs.firstPage;
    words[at + 10] = runs.secondPage - runs.firstPages;
    words[at + 11] = batch.headWindows[head];
    words[at + 12] = splits === 1 ? NOT_SPLIT : partialBase + split * rows;
    words[at + 13] = Math.max(anchorRow, 0);
    words[at + 14] = 0;
    words[at + 15] = 0;
  }
  plan.keysRead += pages * o.pageSizeTokens;
  if (splits === 1) return;
  plan.partialRows += splits * rows;
  const queryHeads = batch.headWindows.length * o.group;
  for (let row = 0; row < rows; row++) {
    const packed = firstRow + row;
    const queryHead = head * o.group + packed % o.group;
    const at = reserve(plan.merges, MERGE_WORDS);
    const { words } = plan.merges;
    words[at] = (queryToken + Math.floor(packed / o.group)) * queryHeads + queryHead;
    words[at + 1] = queryHead;
    words[at + 2] = partialBase + row;
    words[at + 3] = rows;
    words[at + 4] = splits;
    words[at + 5] = 0;
    words[at + 6] = 0;
    words[at + 7] = 0;
  }
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

function chooseSplitPages(batch: PlanBatch, o: PlanOptions): number {
  if (o.splitTokens !== undefined) {
    return Math.max(1, Math.ceil(o.splitTokens / o.pageSizeTokens));
  }
  let total = 0;
  let longest = 0;
  for (let slot = 0; slot < batch.queryLengths.length; slot++) {
    const tokens = batch.queryLengths[slot];
    if (tokens === 0) continue;
    const packedRows = tokens * o.group;
    const tiles = Math.ceil(packedRows / itemRowsOf(packedRows, o.headSize));
    const length = batch.cachedLengths[slot] + tokens;
    for (const windowTokens of batch.headWindows) {
      const read = windowTokens === 0 || o.walk === "row"
        ? length
        : Math.min(length, windowTokens + tokens + batch.sinkTokens);
      total += read * tiles;
      longest = Math.max(longest, read);
    }
  }
  const wanted = Math.max(MIN_SPLIT_TOKENS, total / o.parallelItems, longest / MAX_SPLITS);
  return Math.ceil(wanted / o.pageSizeTokens);
}
