/** Order statistics of plain and of weighted samples. */

import type { Summary } from "../result/mod.ts";
import { boundsOf, createRankSelector } from "./select_rank.ts";

/** Values below which a 99.9th percentile is not told. */
const P999_MIN_COUNT = 1000;

/**
 * Summarises a sample. Quantiles interpolate linearly between order statistics at (n − 1)·q, as
 * NumPy does by default.
 *
 * @returns The summary, or null of an empty sample.
 */
export function summarize(values: ArrayLike<number>): Summary | null {
  return summarizeWeighted(values, new Float64Array(values.length).fill(1));
}

/**
 * Summarises a sample in which value i occurs `weights[i]` times, as if it were written out.
 *
 * @param weights How often each occurs: whole numbers, 0 allowed.
 * @returns The summary, or null when nothing occurs.
 */
export function summarizeWeighted(
  values: ArrayLike<number>,
  weights: ArrayLike<number>,
): Summary | null {
  let count = 0;
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    count += weights[i];
    if (weights[i] > 0) sum += weights[i] * values[i];
  }
  if (count === 0) return null;
  const sample = { values, weights };
  const [min, max] = boundsOf(sample);
  return summarizeRanks({ count, sum, min, max, selectRank: createRankSelector(sample) });
}

/**
 * Summarises a sample whose values can be asked for by rank.
 *
 * @param o How many values there are, ≥ 1, their sum and bounds, and the value at a rank from 0.
 */
export function summarizeRanks(
  o: {
    readonly count: number;
    readonly sum: number;
    readonly min: number;
    readonly max: number;
    readonly selectRank: (rank: number) => number;
  },
): Summary {
  const { count, min, max, selectRank } = o;
  const quantile = (q: number): number => {
    const position = (count - 1) * q;
    const below = Math.floor(position);
    const low = selectRank(below);
    const share = position - below;
    return share === 0 ? low : low + share * (selectRank(below + 1) - low);
  };
  return {
    count,
    mean: o.sum / count,
    min,
    p50: quantile(0.5),
    p90: quantile(0.9),
    p95: quantile(0.95),
    p99: quantile(0.99),
    p999: count >= P999_MIN_COUNT ? quantile(0.999) : null,
    max,
  };
}

/** Arithmetic mean; null of an empty sample. */
export function mean(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sample standard deviation, n − 1 in the denominator; null below two values. */
export function standardDeviation(values: readonly number[]): number | null {
  const center = mean(values);
  if (center === null || values.length < 2) return null;
  const squares = values.reduce((sum, value) => sum + (value - center) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}
