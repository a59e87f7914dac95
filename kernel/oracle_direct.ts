/**
 * The direct oracle: for each query it gathers the keys that the definition of the masks makes
 * visible, and takes one softmax over them, in float64. It knows nothing of pages beyond where a key
 * lies, and nothing of splits.
 */

import type { AttentionProblem, AttentionResult } from "./problem.ts";
import { channelScales, createRowReader } from "./quantised/quantised_tensor.ts";
import { cacheOffset, kvHeadOf, tableIndex } from "./shape.ts";
import { decodingTable } from "./storage_type.ts";
import { keyIsVisible } from "./visibility.ts";

/** One query row: a query token of a slot and a query head. */
export interface QueryRow {
  /** Batch slot. */
  readonly slot: number;
  /** Index of the token among the slot's tokens of this step. */
  readonly queryIndex: number;
  /** Query head. */
  readonly queryHead: number;
}

/** Every query row of a problem, by slot, query token and query head: the order of the outputs. */
export function queryRows(p: AttentionProblem): QueryRow[] {
  const rows: QueryRow[] = [];
  for (let slot = 0; slot < p.shape.batch; slot++) {
    const queryLength = p.queryStarts[slot + 1] - p.queryStarts[slot];
    for (let queryIndex = 0; queryIndex < queryLength; queryIndex++) {
      for (let queryHead = 0; queryHead < p.shape.queryHeads; queryHead++) {
        rows.push({ slot, queryIndex, queryHead });
      }
    }
  }
  return rows;
}

/** Attention of one query row, in float64. */
export interface AttendedRow {
  /** [D]. */
  readonly output: Float64Array<ArrayBuffer>;
  /** Natural log of Σ exp(score) over the visible keys; −Infinity where there is none. */
  readonly logSumExp: number;
}

/** Softmax of one query row before its values are summed: what the error bound also needs. */
export interface RowWeights {
  /** Offsets of the visible keys' vectors in the cache, in elements, by rising position. */
  readonly offsets: readonly number[];
  /** Softmax weight of each visible key; with a learned sink they sum to less than 1. */
  readonly weights: Float64Array<ArrayBuffer>;
  /** Scaled score of each visible key. */
  readonly scores: Float64Array<ArrayBuffer>;
  /** Scaled Σ |q||k| of each visible key. */
  readonly magnitudes: Float64Array<ArrayBuffer>;
  /** Scaled √Σ(q·k)² of each visible key: how far independent errors of its products spread. */
  readonly spreads: Float64Array<ArrayBuffer>;
  /** Σ|k| of each visible key, not scaled: what an absolute error of the query costs. */
  readonly keySums: Float64Array<ArrayBuffer>;
  /**
   * Scaled max|q s|·Σ|k / s| of each visible key, s the scale of a key's channel or 1: what an error
   * costs that is relative to the query's largest element.
   */
  readonly peakSums: Float64Array<ArrayBuffer>;
  /** Scaled Σ|q| of the row: what an absolute error of a key's elements costs. */
  readonly querySum: number;
  /** Largest of the scores and the learned sink logit; −Infinity with neither. */
  readonly largestScore: number;
  /** As in {@linkcode AttendedRow}. */
  readonly logSumExp: number;
}

/** Offsets of the keys of one (slot, query token, KV head) that are visible and have a page. */
export function visibleOffsets(
  p: AttentionProblem,
  at: { slot: number; queryIndex: number; head: number },
): number[] {
  const lengthTokens = p.cachedLengths[at.slot] + p.queryStarts[at.slot + 1] -
    p.queryStarts[at.slot];
  const offsets: number[] = [];
  for (let keyTokens = 0; keyTokens < lengthTokens; keyTokens++) {
    if (!keyIsVisible(p, { slot: at.slot, queryIndex: at.queryIndex, head: at.head, keyTokens })) {
      continue;
    }
    const key = { slot: at.slot, head: at.head, positionTokens: keyTokens };
    const page = p.table[tableIndex(p.shape, key)];
    if (page >= 0) offsets.push(cacheOffset(p.shape, { ...key, page }));
  }
  return offsets;
}

/**
 * Scores and softmax weights of one query row over the keys it sees.
 *
 * @param p A problem that `checkProblem` accepts.
 */
export function rowWeights(p: AttentionProblem, row: QueryRow): RowWeights {
  const { queryHeads, headSize, storage } = p.shape;
  const head = kvHeadOf(p.shape, row.queryHead);
  const offsets = visibleOffsets(p, { slot: row.slot, queryIndex: row.queryIndex, head });
  const decoded = decodingTable(storage);
  const readKey = createRowReader(p, "keys");
  const scale = p.scale ?? 1 / Math.sqrt(headSize);
  const queryOffset = ((p.queryStarts[row.slot] + row.queryIndex) * queryHeads + row.queryHead) *
    headSize;

  const scores = new Float64Array(offsets.length);
  const magnitudes = new Float64Array(offsets.length);
  const spreads = new Float64Array(offsets.length);
  const keySums = new Float64Array(offsets.length);
  const peakSums = new Float64Array(offsets.length);
  // Read again only where channels have scales: this loop is most of what an oracle takes.
  const channels = channelScales(p, { side: "keys", head });
  let peak = 0;
  let querySum = 0;
  for (let d = 0; d < headSize; d++) {
    querySum += Math.abs(decoded[p.query[queryOffset + d]]) * scale;
    peak = Math.max(peak, Math.abs(decoded[p.query[queryOffset + d]] * (channels?.[d] ?? 1)));
  }
  let largestKeyScore = -Infinity;
  for (let i = 0; i < offsets.length; i++) {
    let dot = 0;
    let magnitude = 0;
    let squares = 0;
    const key = readKey(offsets[i], head);
    for (let d = 0; d < headSize; d++) {
      const product = decoded[p.query[queryOffset + d]] * key[d];
      dot += product;
      magnitude += Math.abs(product);
      squares += product * product;
      keySums[i] += Math.abs(key[d]);
    }
    scores[i] = dot * scale;
    magnitudes[i] = magnitude * scale;
    spreads[i] = Math.sqrt(squares) * scale;
    peakSums[i] = (channels === null ? keySums[i] : sumUnscaled(key, channels)) * (peak * scale);
    largestKeyScore = Math.max(largestKeyScore, scores[i]);
  }

  const sink = p.sinkLogits === undefined ? -Infinity : p.sinkLogits[row.queryHead];
  const largestScore = Math.max(largestKeyScore, sink);
  const weights = new Float64Array(offsets.length);
  let denominator = 0;
  for (let i = 0; i < weights.length; i++) {
    weights[i] = Math.exp(scores[i] - largestScore);
    denominator += weights[i];
  }
  if (sink !== -Infinity) denominator += Math.exp(sink - largestScore);
  for (let i = 0; i < weights.length; i++) weights[i] /= denominator;

  let keyDenominator = 0;
  for (const score of scores) keyDenominator += Math.exp(score - largestKeyScore);
  const logSumExp = offsets.length === 0 ? -Infinity : largestKeyScore + Math.log(keyDenominator);
  return {
    offsets,
    weights,
    scores,
    magnitudes,
    spreads,
    keySums,
    peakSums,
    querySum,
    largestScore,
    logSumExp,
  };
}

/** Σ|k / s| of a key over its channels' scales; a query element that its channel makes 0 has no error. */
function sumUnscaled(key: ArrayLike<number>, channels: Float64Array): number {
  let sum = 0;
  for (let d = 0; d < channels.length; d++) {
    if (channels[d] !== 0) sum += Math.abs(key[d] / channels[d]);
  }
  return sum;
}

/**
 * Attention of one query row in float64, by the direct definition: for samples of a problem that is
 * too large to be attended whole.
 *
 * @param p A problem that `checkProblem` accepts.
 * @returns Output and log-sum-exp of the row; 0 and −Infinity where it sees no key.
 */
export function attendDirectAt(p: AttentionProblem, row: QueryRow): AttendedRow {
  const { offsets, weights, logSumExp } = rowWeights(p, row);
  const { headSize } = p.shape;
  const head = kvHeadOf(p.shape, row.queryHead);
  const readValue = createRowReader(p, "values");
  const output = new Float64Array(headSize);
  for (let i = 0; i < weights.length; i++) {
    const value = readValue(offsets[i], head);
    for (let d = 0; d < headSize; d++) output[d] += weights[i] * value[d];
  }
  return { output, logSumExp };
}

/**
 * Attention of a whole problem in float64, by the direct definition.
 *
 * @param p A problem that `checkProblem` accepts.
 * @returns Outputs [T, Hq, D] and log-sum-exps [T, Hq].
 */
export function attendDirect(p: AttentionProblem): AttentionResult {
  const { batch, queryHeads, headSize } = p.shape;
  const tokens = p.queryStarts[batch];
  const output = new Float64Array(tokens * queryHeads * headSize);
  const logSumExp = new Float64Array(tokens * queryHeads);
  queryRows(p).forEach((at, index) => {
    const row = attendDirectAt(p, at);
    output.set(row.output, index * headSize);
    logSumExp[index] = row.logSumExp;
  });
  return { output, logSumExp };
}
