/**
 * Sampled query rows of steps that another program ran over contents by formula: which ones, and
 * whether what came back is what the oracle allows.
 */

import { HOLE, type Random } from "../../allocator/mod.ts";
import {
  type Arithmetic,
  type AttentionProblem,
  compareWithOracle,
  fillByFormula,
  type GroupRows,
  sinkLogitsByFormula,
  type StepVerification,
  type TimedCache,
} from "../../kernel/mod.ts";
import { rowsOfSlot } from "./table_changes.ts";

/** One token of a KV head in one step, with the row of the table as it stood. */
export interface SampledRow {
  /** Number of the step, over all steps of the cache. */
  readonly step: number;
  /** Step within the batch that it was sent in. */
  readonly batchStep: number;
  /** Slot of its request. */
  readonly slot: number;
  /** Token within the step. */
  readonly stepToken: number;
  /** Its position in the request. */
  readonly position: number;
  /** KV head. */
  readonly head: number;
  /** Query head of its group that is judged. */
  readonly member: number;
  /** W of the head. */
  readonly windowTokens: number;
  /** Ids of the row, up to the token's own page. */
  readonly ids: Int32Array;
}

/** A token and a head that may be sampled. */
interface Candidate
  extends Pick<SampledRow, "slot" | "stepToken" | "position" | "head" | "windowTokens"> {
  /** Keys that it sees: what judging it costs. */
  readonly keys: number;
}

/**
 * Draws rows of a step and takes the one that sees the least; null where nothing is computed.
 *
 * @param o The cache, the step's numbers, how many rows are drawn, and from what.
 */
export function sampleRow(
  batch: GroupRows,
  o: {
    readonly cache: TimedCache;
    readonly step: number;
    readonly batchStep: number;
    readonly draws: number;
    readonly random: Random;
  },
): SampledRow | null {
  const { table, group } = batch;
  const { kvHeads, queryHeads, pageSizeTokens } = o.cache.shape;
  let tokens = 0;
  for (const length of batch.queryLengths) tokens += length;
  if (tokens === 0) return null;
  let best = draw(batch, o, tokens);
  for (let count = 1; count < o.draws; count++) {
    const other = draw(batch, o, tokens);
    if (other.keys < best.keys) best = other;
  }
  const { slot, head, position } = best;
  const row = rowsOfSlot(table, { group, slot }).first + (table.layout === "uniform" ? 0 : head);
  const from = row * table.columns;
  return {
    ...best,
    step: o.step,
    batchStep: o.batchStep,
    member: o.random.nextBelow(queryHeads / kvHeads),
    ids: table.ids.slice(from, from + Math.floor(position / pageSizeTokens) + 1),
  };
}

function draw(
  { queryLengths, cachedLengths, group }: GroupRows,
  { cache, random }: { readonly cache: TimedCache; readonly random: Random },
  tokens: number,
): Candidate {
  const stepToken = random.nextBelow(tokens);
  let slot = 0;
  let first = 0;
  while (first + queryLengths[slot] <= stepToken) first += queryLengths[slot++];
  const position = cachedLengths[slot] + stepToken - first;
  const head = random.nextBelow(cache.shape.kvHeads);
  const windowTokens = cache.headWindows[group * cache.shape.kvHeads + head];
  const keys = windowTokens === 0
    ? position + 1
    : Math.min(position + 1, windowTokens + cache.sinkTokens);
  return { slot, stepToken, position, head, windowTokens, keys };
}

/** What a row came from. */
export interface RowContext {
  /** The cache, as it was opened. */
  readonly cache: TimedCache;
  /** How the kernel says that it computes. */
  readonly arithmetic: Arithmetic;
}

/** Judges the output of a row, here or elsewhere. */
export type RowJudge = (
  row: SampledRow,
  output: Uint16Array,
  o: RowContext,
) => Promise<StepVerification>;

/** Judges the output of a row, [G, D] bits. */
export function judgeRow(
  row: SampledRow,
  output: Uint16Array,
  o: RowContext,
): StepVerification {
  const where = `step ${row.step}, slot ${row.slot}, KV head ${row.head}, position ${row.position}`;
  const problem = problemOfRow(row, o.cache);
  if (output.length !== problem.query.length) {
    const message = `${where}: ${output.length} elements came back, not ${problem.query.length}`;
    return { ok: false, worstBudgetUsed: Infinity, message };
  }
  const verdict = compareWithOracle({
    problem,
    output,
    arithmetic: [o.arithmetic],
    samples: [{ slot: 0, queryIndex: 0, queryHead: row.member }],
  });
  return {
    ok: verdict.ok,
    worstBudgetUsed: verdict.worstBudgetUsed,
    message: verdict.ok ? "" : `${where}: ${verdict.message}`,
  };
}

/** The row as a problem of its own: its group's queries over the pages that it sees. */
function problemOfRow(row: SampledRow, cache: TimedCache): AttentionProblem {
  const { shape, seed, sinkTokens } = cache;
  const { pageSizeTokens, headSize, storage } = shape;
  const group = shape.queryHeads / shape.kvHeads;
  const columns = visibleColumns(row, cache);
  const table = new Int32Array(row.ids.length).fill(HOLE);
  const keys = new Uint16Array(columns.length * pageSizeTokens * headSize);
  const values = new Uint16Array(keys.length);
  const layer = row.step % cache.layers;
  const head = shape.layout === "pooled" ? 0 : row.head;
  columns.forEach((column, page) => {
    table[column] = page;
    for (let slot = 0; slot < pageSizeTokens; slot++) {
      const offset = (page * pageSizeTokens + slot) * headSize;
      const place = { seed, layer, page: row.ids[column], head, slot };
      const vector = { ...place, offset, elements: headSize, storage };
      fillByFormula(keys, { ...vector, tensor: "keys" });
      fillByFormula(values, { ...vector, tensor: "values" });
    }
  });
  const query = new Uint16Array(group * headSize);
  for (let member = 0; member < group; member++) {
    fillByFormula(query, {
      seed,
      layer: 0,
      page: row.step,
      head: row.head * group + member,
      slot: row.stepToken,
      tensor: "query",
      offset: member * headSize,
      elements: headSize,
      storage,
    });
  }
  return {
    shape: {
      ...shape,
      batch: 1,
      queryHeads: group,
      kvHeads: 1,
      pages: columns.length,
      columns: table.length,
      layout: "headwise",
    },
    query,
    keys,
    values,
    table,
    queryStarts: Int32Array.of(0, 1),
    cachedLengths: Int32Array.of(row.position),
    headWindows: Int32Array.of(row.windowTokens),
    sinkTokens,
    ...(cache.scoreScale === null ? {} : { scale: cache.scoreScale }),
    ...(cache.learnedSinks
      ? {
        sinkLogits: sinkLogitsByFormula(seed, shape.queryHeads)
          .slice(row.head * group, (row.head + 1) * group),
      }
      : {}),
  };
}

/** Columns with a key that the row sees, where the table has a page. */
function visibleColumns(row: SampledRow, { shape, sinkTokens }: TimedCache): number[] {
  const oldest = row.windowTokens === 0 ? 0 : row.position - row.windowTokens + 1;
  const columns: number[] = [];
  for (let column = 0; column < row.ids.length; column++) {
    const inWindow = (column + 1) * shape.pageSizeTokens > oldest;
    const inSinks = column * shape.pageSizeTokens < sinkTokens;
    if ((inWindow || inSinks) && row.ids[column] !== HOLE) columns.push(column);
  }
  return columns;
}
