/**
 * A sampled check without a GPU: one row of a step is solved by two independent oracles. The direct
 * one reads keys that lie in order; the paged one reads the same keys through the replay's own
 * table, after they were written through it page by page. A page that two positions share, a hole
 * in a live range or a row too short makes the two differ.
 */

import {
  createRandom,
  type HeadMap,
  HOLE,
  idSpacePages,
  type Random,
} from "../../allocator/mod.ts";
import {
  attendDirect,
  attendPaged,
  type AttentionProblem,
  type AttentionShape,
  cacheElements,
  encodeValues,
  PageIdError,
  ProblemError,
  type StorageType,
} from "../../kernel/mod.ts";
import type { StepBatch, StepCheck } from "./step_clock.ts";

/** Head size of the small problem; paging does not depend on it. */
const HEAD_SIZE = 64;
/** Query tokens of the small problem, taken from the end of the row. */
const MAX_QUERY_TOKENS = 2;
/** Rows up to this length are drawn from; where all are longer the shortest is taken. */
const MAX_LENGTH_TOKENS = 8192;
/** Difference that two float64 oracles may have, relative to 1 + |value|. */
const TOLERANCE = 1e-9;
/** Distinct draws that key and value vectors are cut from: a prime, so that they start anywhere. */
const DRAWS = 8191;

/** Where the checked row comes from. */
export interface OracleCheckOptions {
  /** Head map of the measured rank. */
  readonly heads: HeadMap;
  readonly pageSizeTokens: number;
  /** Page ids of each per-head pool, N. */
  readonly pagesPerHead: number;
  /** Storage type of the cache. */
  readonly storage: StorageType;
  /** Seed of the choice of row and of the values. */
  readonly seed: number;
}

/** Checks one row of a step, two heads of it: a full one and a window one where there are both. */
export function checkStepByOracles(batch: StepBatch, o: OracleCheckOptions): StepCheck {
  const random = createRandom(o.seed);
  const slot = chooseSlot(batch, random);
  const group = random.nextBelow(o.heads.groups.length);
  const { kinds } = o.heads.groups[group];
  const chosen = [kinds.indexOf("full"), kinds.indexOf("window")].filter((head) => head >= 0);
  const where = `step ${batch.step}, slot ${slot}, layer group ${group}, heads ${
    chosen.join(", ")
  }`;
  try {
    const { truth, paged } = buildProblems(batch, { ...o, slot, group, chosen, random });
    return compare(attendPaged(paged).output, attendDirect(truth).output, where);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return { ok: false, worstBudgetUsed: Infinity, message: `${where}: ${error.message}` };
  }
}

function chooseSlot(batch: StepBatch, random: Random): number {
  const active: number[] = [];
  batch.queryLengths.forEach((tokens, slot) => {
    if (tokens > 0) active.push(slot);
  });
  const lengthOf = (slot: number): number => batch.cachedLengths[slot] + batch.queryLengths[slot];
  const short = active.filter((slot) => lengthOf(slot) <= MAX_LENGTH_TOKENS);
  if (short.length > 0) return short[random.nextBelow(short.length)];
  return active.reduce((best, slot) => (lengthOf(slot) < lengthOf(best) ? slot : best));
}

interface Row extends OracleCheckOptions {
  readonly slot: number;
  readonly group: number;
  readonly chosen: readonly number[];
  readonly random: Random;
}

function buildProblems(
  batch: StepBatch,
  o: Row,
): { truth: AttentionProblem; paged: AttentionProblem } {
  const { pageSizeTokens, storage, chosen, slot } = o;
  const lengthTokens = batch.cachedLengths[slot] + batch.queryLengths[slot];
  const queryTokens = Math.min(MAX_QUERY_TOKENS, batch.queryLengths[slot]);
  const columns = Math.ceil(lengthTokens / pageSizeTokens);
  const sizes = {
    batch: 1,
    queryHeads: chosen.length,
    kvHeads: chosen.length,
    headSize: HEAD_SIZE,
    pageSizeTokens,
    columns,
    storage,
  };
  const normal = (length: number): Uint16Array<ArrayBuffer> =>
    encodeValues(storage, Float32Array.from({ length }, () => o.random.nextNormal()));
  const shared = {
    query: normal(queryTokens * chosen.length * HEAD_SIZE),
    queryStarts: Int32Array.of(0, queryTokens),
    cachedLengths: Int32Array.of(lengthTokens - queryTokens),
    headWindows: Int32Array.from(
      chosen,
      (head) => (o.heads.groups[o.group].kinds[head] === "window" ? o.heads.windowTokens : 0),
    ),
    sinkTokens: o.heads.sinkTokens,
  };
  const draws = normal(DRAWS);
  const rows = renameRows(batch, o, columns);
  const truthShape: AttentionShape = { ...sizes, pages: columns, layout: "headwise" };
  const pagedShape: AttentionShape = {
    ...sizes,
    pages: rows.ids,
    poolPages: rows.ids,
    layout: batch.table.layout,
  };
  const identity = Int32Array.from({ length: chosen.length * columns }, (_, i) => i % columns);
  const write = (shape: AttentionShape, table: Int32Array): AttentionProblem => ({
    ...shared,
    shape,
    table,
    ...writeCache(shape, { table, lengthTokens, draws }),
  });
  return { truth: write(truthShape, identity), paged: write(pagedShape, rows.table) };
}

/**
 * The rows of the chosen heads with their ids renamed to 0, 1, … in the order of appearance: equal
 * ids stay equal and different ones different, so the cache needs only the pages of this row.
 */
function renameRows(
  batch: StepBatch,
  o: Row,
  columns: number,
): { table: Int32Array; ids: number } {
  const { layout, kvHeads, slots, ids } = batch.table;
  const uniform = layout === "uniform";
  const limit = idSpacePages(batch.table, o.pagesPerHead);
  const rowHeads = uniform ? [0] : o.chosen;
  const table = new Int32Array(rowHeads.length * columns).fill(HOLE);
  const shared = new Map<number, number>();
  let most = 1;
  rowHeads.forEach((head, row) => {
    const names = layout === "headwise" ? new Map<number, number>() : shared;
    const start = batch.table.columns *
      (uniform ? o.slot : (o.group * slots + o.slot) * kvHeads + head);
    for (let column = 0; column < columns; column++) {
      const id = ids[start + column];
      if (id === HOLE) continue;
      if (id < 0 || id >= limit) {
        throw new PageIdError({ slot: o.slot, head, column, value: id, limit });
      }
      if (!names.has(id)) names.set(id, names.size);
      table[row * columns + column] = names.get(id)!;
    }
    most = Math.max(most, names.size);
  });
  return { table, ids: most };
}

/** Keys and values of every position written through a table; what no one writes stays NaN. */
function writeCache(
  shape: AttentionShape,
  o: { table: Int32Array; lengthTokens: number; draws: Uint16Array },
): { keys: Uint16Array; values: Uint16Array } {
  const { kvHeads, columns, pageSizeTokens, layout, storage } = shape;
  const nan = encodeValues(storage, Float32Array.of(NaN))[0];
  const keys = new Uint16Array(cacheElements(shape)).fill(nan);
  const values = new Uint16Array(keys.length).fill(nan);
  for (let head = 0; head < kvHeads; head++) {
    const row = layout === "uniform" ? 0 : head;
    for (let position = 0; position < o.lengthTokens; position++) {
      const page = o.table[row * columns + Math.floor(position / pageSizeTokens)];
      if (page === HOLE) continue;
      const headPage = layout === "pooled" ? page : page * kvHeads + head;
      const at = (headPage * pageSizeTokens + position % pageSizeTokens) * HEAD_SIZE;
      const from = (position * 2 * kvHeads + 2 * head) * 37 % (DRAWS - HEAD_SIZE);
      const next = (from + 1511) % (DRAWS - HEAD_SIZE);
      keys.set(o.draws.subarray(from, from + HEAD_SIZE), at);
      values.set(o.draws.subarray(next, next + HEAD_SIZE), at);
    }
  }
  return { keys, values };
}

function compare(got: Float64Array, expected: Float64Array, where: string): StepCheck {
  let worst = 0;
  let worstIndex = -1;
  got.forEach((value, index) => {
    const error = Math.abs(value - expected[index]) / (TOLERANCE * (1 + Math.abs(expected[index])));
    const used = Number.isNaN(error) ? Infinity : error;
    if (used > worst) [worst, worstIndex] = [used, index];
  });
  if (worst <= 1) return { ok: true, worstBudgetUsed: worst, message: "" };
  return {
    ok: false,
    worstBudgetUsed: worst,
    message: `${where}: output ${worstIndex} is ${got[worstIndex]} through the table and ` +
      `${expected[worstIndex]} from keys in order`,
  };
}
