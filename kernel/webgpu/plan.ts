/**
 * The work list: which rows read which pages, planned on the CPU before a step. Tiles are listed
 * with what they see, and then cut so that the device is busy to the end: a long row among short
 * ones does not become the step, for any query length.
 */

import { isVectorSize, ITEM_ROWS, MAX_VECTOR_ROWS } from "./item_rows.ts";
import { chooseSplitPages } from "./plan_splits.ts";
import {
  createTileList,
  listTiles,
  type PlanBatch,
  type PlanOptions,
  TILE,
  TILE_WORDS,
  type TileList,
} from "./plan_tiles.ts";

import { ITEM, MERGE } from "./struct_layout.ts";

/** Marks an item that writes its output itself. */
const NOT_SPLIT = 0xffffffff;

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
  /** Tiles before they were split. */
  readonly tiles: TileList;
  /** Whether keys are so few that workgroups of more subgroups take them. */
  isShort: boolean;
  /** Tiles whose splits are joined by the last workgroup of each. */
  counters: number;
  /** Rows of split outputs that the items write. */
  partialRows: number;
  /** Keys that the items read, each tile of rows counted, for byte counts. */
  keysRead: number;
  /** Partial row of the first split of each sibling tile being added; as many as there are at most. */
  readonly partialBases: number[];
  /** Counter of each sibling tile being added. */
  readonly counterBases: number[];
}

/** Makes an empty plan. */
export function createWorkPlan(): WorkPlan {
  const items = ITEM_ROWS.map(() => createWordList());
  const merges = createWordList();
  return {
    items,
    merges,
    tiles: createTileList(),
    isShort: false,
    counters: 0,
    partialRows: 0,
    keysRead: 0,
    partialBases: [],
    counterBases: [],
  };
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

/**
 * Plans a batch into `plan`.
 *
 * @param plan Filled again.
 * @param batch The step's rows.
 * @param options How to plan.
 */
export function planBatch(plan: WorkPlan, batch: PlanBatch, options: PlanOptions): void {
  plan.isShort = isShort(batch, options);
  if (plan.isShort) {
    const short = { ...options, ...options.short };
    fillPlan(plan, batch, short);
    // Programs that join splits inside are slow where a dispatch joins them all the same.
    plan.isShort = !(short.mergesInside ?? false) || plan.merges.length === 0;
    if (plan.isShort) return;
  }
  fillPlan(plan, batch, options);
}

function fillPlan(plan: WorkPlan, batch: PlanBatch, o: PlanOptions): void {
  for (const list of plan.items) list.length = 0;
  plan.merges.length = 0;
  plan.counters = plan.partialRows = 0;
  plan.keysRead = 0;
  listTiles(plan.tiles, batch, o);
  const splitPages = chooseSplitPages(plan.tiles, o);
  const { words, count } = plan.tiles;
  for (let tile = 0; tile < count;) {
    const siblings = words[tile * TILE_WORDS + TILE.siblings];
    addSiblings(plan, batch, o, { tile, siblings, splitPages });
    tile += siblings;
  }
}

/** Up to so many tokens for each workgroup, a step is short. */
const SHORT_TOKENS = 256;
/** Rows of a slot up to which its items are those of the vector kernel. */
const SHORT_ROWS = 24;

function isShort(batch: PlanBatch, o: PlanOptions): boolean {
  if (o.short === undefined || o.splitTokens !== undefined) return false;
  const heads = batch.heads?.length ?? batch.headWindows.length;
  let tokens = 0;
  for (let slot = 0; slot < batch.queryLengths.length; slot++) {
    const rows = batch.queryLengths[slot] * o.group;
    if (rows > SHORT_ROWS) return false;
    const items = Math.ceil(
      rows / ((o.short.rowSizes ?? o.rowSizes)?.rowsOfSubgroup ?? MAX_VECTOR_ROWS),
    );
    tokens += items * heads * (batch.cachedLengths[slot] + batch.queryLengths[slot]);
  }
  return tokens <= SHORT_TOKENS * o.parallelItems;
}

/**
 * Adds the items of the tiles of one slot and head, split by split: tiles that read the same pages
 * at the same time find them in a cache of the device.
 */
function addSiblings(
  plan: WorkPlan,
  batch: PlanBatch,
  o: PlanOptions,
  { tile, siblings, splitPages }: { tile: number; siblings: number; splitPages: number },
): void {
  const { words } = plan.tiles;
  let mostSplits = 1;
  for (let sibling = 0; sibling < siblings; sibling++) {
    const at = (tile + sibling) * TILE_WORDS;
    const splits = splitsOf(words[at + TILE.pages], splitPages);
    plan.partialBases[sibling] = plan.partialRows;
    plan.keysRead += words[at + TILE.pages] * o.pageSizeTokens;
    mostSplits = Math.max(mostSplits, splits);
    if (splits === 1) continue;
    plan.partialRows += splits * words[at + TILE.rows];
    if (joinsInside(o, words[at + TILE.size], splits)) plan.counterBases[sibling] = plan.counters++;
    else addMerges(plan, batch, o, at, splits, plan.partialBases[sibling]);
  }
  for (let split = 0; split < mostSplits; split++) {
    for (let sibling = 0; sibling < siblings; sibling++) {
      const at = (tile + sibling) * TILE_WORDS;
      const splits = splitsOf(words[at + TILE.pages], splitPages);
      if (split >= splits) continue;
      const pages = words[at + TILE.pages];
      const pagesPerSplit = Math.ceil(pages / splits);
      const begin = Math.min(split * pagesPerSplit, pages);
      const end = Math.min(begin + pagesPerSplit, pages);
      const rows = words[at + TILE.rows];
      const partialRow = splits === 1 ? NOT_SPLIT : plan.partialBases[sibling] + split * rows;
      const list = plan.items[words[at + TILE.size]];
      const itemAt = addItem(plan, batch, o, at, list, begin, end, partialRow);
      if (splits > 1 && joinsInside(o, words[at + TILE.size], splits)) {
        const base = plan.partialBases[sibling];
        joinInside(list, itemAt, splits, base, plan.counterBases[sibling]);
      }
    }
  }
}

/** Most splits that the last workgroup of a tile joins; more are joined faster side by side. */
const MOST_INSIDE_SPLITS = 16;

function joinsInside(o: PlanOptions, size: number, splits: number): boolean {
  return (o.mergesInside ?? false) && splits <= MOST_INSIDE_SPLITS &&
    isVectorSize(ITEM_ROWS[size]);
}

function joinInside(
  { words }: WordList,
  at: number,
  splits: number,
  firstPartial: number,
  counter: number,
): void {
  words[at + ITEM.at.splits] = splits;
  words[at + ITEM.at.firstPartial] = firstPartial;
  words[at + ITEM.at.counter] = counter;
}

function splitsOf(pages: number, splitPages: number): number {
  return Math.max(1, Math.ceil(pages / splitPages));
}

// Positional arguments, because an object for each item would be garbage.
function addItem(
  plan: WorkPlan,
  batch: PlanBatch,
  o: PlanOptions,
  tileAt: number,
  list: WordList,
  begin: number,
  end: number,
  partialRow: number,
): number {
  const tile = plan.tiles.words;
  const at = reserve(list, ITEM.words);
  const { words } = list;
  const rows = tile[tileAt + TILE.rows];
  words[at + ITEM.at.queryToken] = tile[tileAt + TILE.queryToken];
  words[at + ITEM.at.slot] = tile[tileAt + TILE.slot];
  words[at + ITEM.at.head] = tile[tileAt + TILE.head];
  words[at + ITEM.at.rows] = rows;
  words[at + ITEM.at.firstRow] = tile[tileAt + TILE.firstRow];
  words[at + ITEM.at.cached] = batch.cachedLengths[tile[tileAt + TILE.slot]];
  words[at + ITEM.at.visibleBegin] = begin * o.pageSizeTokens;
  words[at + ITEM.at.visibleEnd] = end * o.pageSizeTokens;
  words[at + ITEM.at.firstPages] = tile[tileAt + TILE.firstPages];
  words[at + ITEM.at.firstPage] = tile[tileAt + TILE.firstPage];
  words[at + ITEM.at.secondShift] = tile[tileAt + TILE.secondShift];
  words[at + ITEM.at.windowTokens] = batch.headWindows[tile[tileAt + TILE.head]];
  words[at + ITEM.at.partialRow] = partialRow;
  words[at + ITEM.at.safeRow] = tile[tileAt + TILE.safeRow];
  words[at + ITEM.at.splits] = 0;
  words[at + ITEM.at.unmaskedBegin] = tile[tileAt + TILE.unmaskedBegin];
  words[at + ITEM.at.unmaskedEnd] = Math.min(
    tile[tileAt + TILE.unmaskedEnd],
    end * o.pageSizeTokens,
  );
  return at;
}

function addMerges(
  plan: WorkPlan,
  batch: PlanBatch,
  o: PlanOptions,
  tileAt: number,
  splits: number,
  partialBase: number,
): void {
  const tile = plan.tiles.words;
  const rows = tile[tileAt + TILE.rows];
  const queryHeads = batch.headWindows.length * o.group;
  for (let row = 0; row < rows; row++) {
    const packed = tile[tileAt + TILE.firstRow] + row;
    const queryHead = tile[tileAt + TILE.head] * o.group + packed % o.group;
    const queryToken = tile[tileAt + TILE.queryToken] + Math.floor(packed / o.group);
    const at = reserve(plan.merges, MERGE.words);
    const { words } = plan.merges;
    words[at + MERGE.at.outputRow] = queryToken * queryHeads + queryHead;
    words[at + MERGE.at.head] = queryHead;
    words[at + MERGE.at.partialRow] = partialBase + row;
    words[at + MERGE.at.partialStride] = rows;
    words[at + MERGE.at.splits] = splits;
  }
}
