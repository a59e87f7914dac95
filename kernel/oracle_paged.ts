/**
 * The paged oracle: page by page, with an online softmax for all queries of a (slot, KV head) at
 * once, in splits that are merged at the end, in float64 and base 2. It shares no code with the
 * direct oracle, so that the two can judge each other.
 *
 * The online softmax is that of Milakov and Gimelshein, "Online normalizer calculation for softmax"
 * (2018); the merge of splits is that of Dao et al., "Flash-Decoding" (2023).
 */

import type { AttentionProblem, AttentionResult } from "./problem.ts";
import { dequantisePage } from "./quantised/dequantise_page.ts";
import { decodeValues } from "./storage_type.ts";

/** Running softmax of R rows over some of the keys: base-2 maximum, denominator, weighted values. */
interface PartialSoftmax {
  readonly maxima: Float64Array;
  readonly denominators: Float64Array;
  readonly sums: Float64Array;
}

/** What the rows of one (slot, KV head) see, as intervals of key positions. */
interface RowLimits {
  /** First key. */
  readonly begin: number;
  /** Past the last key. */
  readonly end: number;
  /** Hidden keys [hiddenBegin, hiddenEnd) between them. */
  readonly hiddenBegin: number;
  readonly hiddenEnd: number;
}

function emptyPartial(rows: number, headSize: number): PartialSoftmax {
  return {
    maxima: new Float64Array(rows).fill(-Infinity),
    denominators: new Float64Array(rows),
    sums: new Float64Array(rows * headSize),
  };
}

/** Adds terms of weight 2^(exponent) to a row, rescaling what is there when the maximum grows. */
function raiseMaximum(part: PartialSoftmax, row: number, exponent: number): number {
  const before = part.maxima[row];
  if (exponent > before) {
    const headSize = part.sums.length / part.maxima.length;
    const shrink = before === -Infinity ? 0 : 2 ** (before - exponent);
    part.denominators[row] *= shrink;
    for (let d = row * headSize; d < (row + 1) * headSize; d++) part.sums[d] *= shrink;
    part.maxima[row] = exponent;
  }
  return part.maxima[row];
}

function mergePartial(into: PartialSoftmax, from: PartialSoftmax): void {
  const rows = into.maxima.length;
  const headSize = into.sums.length / rows;
  for (let row = 0; row < rows; row++) {
    if (from.maxima[row] === -Infinity) continue;
    const maximum = raiseMaximum(into, row, from.maxima[row]);
    const factor = 2 ** (from.maxima[row] - maximum);
    into.denominators[row] += factor * from.denominators[row];
    for (let d = row * headSize; d < (row + 1) * headSize; d++) {
      into.sums[d] += factor * from.sums[d];
    }
  }
}

function limitsOf(p: AttentionProblem, slot: number, head: number): RowLimits[] {
  const first = p.queryStarts[slot];
  const window = p.headWindows[head];
  return Array.from({ length: p.queryStarts[slot + 1] - first }, (_, i) => {
    const begin = p.maskRanges === undefined ? 0 : p.maskRanges[2 * (first + i)];
    const end = p.maskRanges === undefined
      ? p.cachedLengths[slot] + i + 1
      : p.maskRanges[2 * (first + i) + 1];
    const hiddenBegin = begin + p.sinkTokens;
    return { begin, end, hiddenBegin, hiddenEnd: window === 0 ? hiddenBegin : end - window };
  });
}

function hiddenByTree(p: AttentionProblem, slot: number, query: number, key: number): boolean {
  if (p.treeMask === undefined || key < p.cachedLengths[slot]) return false;
  const { bits, maxQueryTokens: q } = p.treeMask;
  return bits[slot * q * q + query * q + key - p.cachedLengths[slot]] !== 0;
}

/** Decodes the slot's queries of one KV head, [queries · G, D], times the scale in base 2. */
function loadQueries(p: AttentionProblem, slot: number, head: number): Float64Array {
  const { queryHeads, kvHeads, headSize, storage } = p.shape;
  const group = queryHeads / kvHeads;
  const factor = (p.scale ?? headSize ** -0.5) * Math.LOG2E;
  const queries = p.queryStarts[slot + 1] - p.queryStarts[slot];
  const out = new Float64Array(queries * group * headSize);
  for (let query = 0; query < queries; query++) {
    const begin = ((p.queryStarts[slot] + query) * queryHeads + head * group) * headSize;
    const bits = p.query.subarray(begin, begin + group * headSize);
    out.set(decodeValues(storage, bits), query * group * headSize);
  }
  return out.map((value) => value * factor);
}

/** Folds one page into the running softmax of every row. */
function foldPage(
  p: AttentionProblem,
  part: PartialSoftmax,
  o: {
    slot: number;
    limits: readonly RowLimits[];
    queries: Float64Array;
    column: number;
    head: number;
    firstRow: number;
  },
): void {
  const { headSize, pageSizeTokens, queryHeads, kvHeads } = p.shape;
  const group = queryHeads / kvHeads;
  const firstKey = o.column * pageSizeTokens;
  const keys = dequantisePage(p, { side: "keys", head: o.head, firstRow: o.firstRow });
  const values = dequantisePage(p, { side: "values", head: o.head, firstRow: o.firstRow });
  for (let query = 0; query < o.limits.length; query++) {
    const { begin, end, hiddenBegin, hiddenEnd } = o.limits[query];
    const stop = Math.min(end, firstKey + pageSizeTokens);
    for (let key = Math.max(begin, firstKey); key < stop; key++) {
      if (key >= hiddenBegin && key < hiddenEnd) continue;
      if (hiddenByTree(p, o.slot, query, key)) continue;
      const vector = (key - firstKey) * headSize;
      for (let row = query * group; row < (query + 1) * group; row++) {
        let exponent = 0;
        for (let d = 0; d < headSize; d++) {
          exponent += o.queries[row * headSize + d] * keys[vector + d];
        }
        const weight = 2 ** (exponent - raiseMaximum(part, row, exponent));
        part.denominators[row] += weight;
        for (let d = 0; d < headSize; d++) {
          part.sums[row * headSize + d] += weight * values[vector + d];
        }
      }
    }
  }
}

/** Softmax of all rows of one (slot, KV head), split by split, then merged. */
function attendHead(
  p: AttentionProblem,
  at: { slot: number; head: number; pagesPerSplit: number },
): PartialSoftmax {
  const { layout, kvHeads, columns, headSize, pageSizeTokens } = p.shape;
  const { head } = at;
  const limits = limitsOf(p, at.slot, at.head);
  const queries = loadQueries(p, at.slot, at.head);
  const row = layout === "uniform" ? at.slot : at.slot * kvHeads + at.head;
  const lastKey = Math.max(...limits.map((limit) => limit.end)) - 1;
  const usedColumns = Math.floor(lastKey / pageSizeTokens) + 1;
  const merged = emptyPartial(queries.length / headSize, headSize);
  for (let begin = 0; begin < usedColumns; begin += at.pagesPerSplit) {
    const part = emptyPartial(merged.maxima.length, headSize);
    const end = Math.min(usedColumns, begin + at.pagesPerSplit);
    for (let column = begin; column < end; column++) {
      const id = p.table[row * columns + column];
      if (id < 0) continue;
      const headPage = layout === "pooled" ? id : id * kvHeads + at.head;
      const firstRow = headPage * pageSizeTokens;
      foldPage(p, part, { slot: at.slot, limits, queries, column, head, firstRow });
    }
    mergePartial(merged, part);
  }
  return merged;
}

/**
 * Attention of a whole problem in float64, page by page with an online softmax.
 *
 * @param p A problem that `checkProblem` accepts.
 * @param o `pagesPerSplit`: table columns a split walks before its state is merged; default all.
 * @returns Outputs [T, Hq, D] and log-sum-exps [T, Hq].
 */
export function attendPaged(
  p: AttentionProblem,
  o: { pagesPerSplit?: number } = {},
): AttentionResult {
  const { batch, queryHeads, kvHeads, headSize, columns } = p.shape;
  const pagesPerSplit = o.pagesPerSplit ?? columns;
  if (!Number.isSafeInteger(pagesPerSplit) || pagesPerSplit < 1) {
    throw new RangeError(
      `Cannot split rows every ${pagesPerSplit} pages: pass a positive integer`,
    );
  }
  const group = queryHeads / kvHeads;
  const tokens = p.queryStarts[batch];
  const output = new Float64Array(tokens * queryHeads * headSize);
  const logSumExp = new Float64Array(tokens * queryHeads);
  for (let slot = 0; slot < batch; slot++) {
    const queries = p.queryStarts[slot + 1] - p.queryStarts[slot];
    if (queries === 0) continue;
    for (let head = 0; head < kvHeads; head++) {
      const part = attendHead(p, { slot, head, pagesPerSplit });
      for (let row = 0; row < queries * group; row++) {
        const queryHead = head * group + row % group;
        const index = (p.queryStarts[slot] + Math.floor(row / group)) * queryHeads + queryHead;
        logSumExp[index] = (part.maxima[row] + Math.log2(part.denominators[row])) * Math.LN2;
        if (part.maxima[row] === -Infinity) continue;
        if (p.sinkLogits !== undefined) {
          const exponent = p.sinkLogits[queryHead] * Math.LOG2E;
          const maximum = raiseMaximum(part, row, exponent);
          part.denominators[row] += 2 ** (exponent - maximum);
        }
        for (let d = 0; d < headSize; d++) {
          output[index * headSize + d] = part.sums[row * headSize + d] / part.denominators[row];
        }
      }
    }
  }
  return { output, logSumExp };
}
