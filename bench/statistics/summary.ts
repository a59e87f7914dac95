/** Order statistics of plain and of weighted samples. */

import type { Summary } from "../result/mod.ts";
import { sortSample, summarizeSamples } from "./sorted_sample.ts";

/** Summarises a sample. */
export function summarize(values: ArrayLike<number>): Summary | null {
  return summarizeSamples([sortSample(values)]);
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
  return summarizeSamples([sortSample(values, weights)]);
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

/** Median, the mean of the middle two where they are even in number; NaN of an empty sample. */
export function median(sample: readonly number[]): number {
  const values = Float64Array.from(sample).sort();
  const middle = values.length >> 1;
  return values.length % 2 === 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}
