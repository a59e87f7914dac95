/**
 * Weighted samples in ascending order. What is asked of several together follows from a few binary
 * searches in each, so that whoever gathered a sample can sort it, which is most of the work.
 */

import type { Summary } from "../result/mod.ts";

/** A sample, each value once, ascending. */
export interface SortedSample {
  readonly values: Float64Array;
  /** How often this value and lesser ones occur, weights counted. */
  readonly countUpTo: Float64Array;
  /** Places of the sample that held this value or a lesser one, weights not counted. */
  readonly placesUpTo: Float64Array;
  /** Σ of value · weight, in the order of the sample. */
  readonly sum: number;
}

/** Values below which a 99.9th percentile is not told. */
const P999_MIN_COUNT = 1000;

/**
 * Sorts a sample in which value i occurs `weights[i]` times; what does not occur is left out. Of a
 * long one nothing is kept twice.
 *
 * @param weights Whole numbers, 0 allowed; null where each value occurs once.
 */
export function sortSample(
  values: ArrayLike<number>,
  weights: ArrayLike<number> | null = null,
): SortedSample {
  // Not by `filter`, which holds each number as an object first, nor by an order of indices.
  const buffer = new Float64Array(values.length);
  let held = 0;
  let sum = 0;
  for (let index = 0; index < values.length; index++) {
    const weight = weights === null ? 1 : weights[index];
    if (weight === 0) continue;
    buffer[held++] = values[index];
    sum += weight * values[index];
  }
  const sorted = buffer.subarray(0, held).sort();
  let count = 0;
  for (let place = 0; place < held; place++) {
    if (place === 0 || sorted[place] !== sorted[place - 1]) count++;
  }
  const placesUpTo = new Float64Array(count);
  let last = -1;
  for (let place = 0; place < held; place++) {
    if (last < 0 || sorted[place] !== sorted[last]) sorted[++last] = sorted[place];
    placesUpTo[last] = place + 1;
  }
  const distinct = sorted.subarray(0, count);
  if (weights === null) return { values: distinct, countUpTo: placesUpTo, placesUpTo, sum };
  const countUpTo = new Float64Array(count);
  for (let index = 0; index < values.length; index++) {
    if (weights[index] === 0) continue;
    countUpTo[placeAfter(distinct, values[index], 0, count) - 1] += weights[index];
  }
  for (let place = 1; place < count; place++) countUpTo[place] += countUpTo[place - 1];
  return { values: distinct, countUpTo, placesUpTo, sum };
}

/**
 * Summarises samples together. Quantiles interpolate linearly between order statistics at (n − 1)·q,
 * as NumPy does by default.
 *
 * @returns The summary, or null when nothing occurs.
 */
export function summarizeSamples(samples: readonly SortedSample[]): Summary | null {
  const parts = samples.filter(({ values }) => values.length > 0);
  if (parts.length === 0) return null;
  const count = parts.reduce((total, { countUpTo }) => total + countUpTo[countUpTo.length - 1], 0);
  const sum = parts.reduce((total, part) => total + part.sum, 0);
  const quantile = (q: number): number => {
    const position = (count - 1) * q;
    const below = Math.floor(position);
    const low = valueAtRank(parts, "countUpTo", below);
    const share = position - below;
    if (share === 0) return low;
    return low + share * (valueAtRank(parts, "countUpTo", below + 1) - low);
  };
  return {
    count,
    mean: sum / count,
    min: Math.min(...parts.map(({ values }) => values[0])),
    p50: quantile(0.5),
    p90: quantile(0.9),
    p95: quantile(0.95),
    p99: quantile(0.99),
    p999: count >= P999_MIN_COUNT ? quantile(0.999) : null,
    max: Math.max(...parts.map(({ values }) => values[values.length - 1])),
  };
}

/**
 * The value at a rank of all samples together, from 0: the least one that more than `rank` of what is
 * counted have reached. Each round halves the longest list that is left.
 */
export function valueAtRank(
  parts: readonly SortedSample[],
  counted: "countUpTo" | "placesUpTo",
  rank: number,
): number {
  const lows = parts.map(() => 0);
  const highs = parts.map(({ values }) => values.length);
  const places = parts.map(() => 0);
  let found = NaN;
  while (true) {
    let longest = 0;
    for (let part = 1; part < parts.length; part++) {
      if (highs[part] - lows[part] > highs[longest] - lows[longest]) longest = part;
    }
    if (highs[longest] === lows[longest]) return found;
    const pivot = parts[longest].values[(lows[longest] + highs[longest]) >> 1];
    let reached = 0;
    for (let part = 0; part < parts.length; part++) {
      const place = placeAfter(parts[part].values, pivot, lows[part], highs[part]);
      places[part] = place;
      if (place > 0) reached += parts[part][counted][place - 1];
    }
    const isReached = reached > rank;
    if (isReached) found = pivot;
    for (let part = 0; part < parts.length; part++) {
      const place = places[part];
      // The pivot itself is known; a list has it at most once.
      const holdsPivot = place > lows[part] && parts[part].values[place - 1] === pivot;
      if (!isReached) lows[part] = place;
      else highs[part] = holdsPivot ? place - 1 : place;
    }
  }
}

/** The first place in [low, high) of a greater value, or `high`. */
function placeAfter(values: Float64Array, value: number, low: number, high: number): number {
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
