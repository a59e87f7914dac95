/** Confidence intervals of log ratios over run pairs. */

import { mean, standardDeviation } from "./summary.ts";
import { studentTQuantile } from "./student_t.ts";

/** Confidence of every gate's two-sided interval. */
export const CONFIDENCE = 0.95;
/** Chance of a PASS that the minimum detectable effect is stated for. */
export const POWER = 0.8;
/** More pairs than this are not proposed. */
const MAX_PROPOSED_PAIRS = 1000;
/** No clock repeats itself this closely: what spreads less is a timer's resolution, and no noise. */
const LEAST_SPREAD = 1e-9;
const factors = new Map<string, number>();

/** An estimate with its standard error; without spread where the clock is deterministic. */
export interface Estimate {
  /** Mean log ratio. */
  readonly mean: number;
  /** Lower bound at {@link CONFIDENCE}. */
  readonly lower: number;
  /** Upper bound at {@link CONFIDENCE}. */
  readonly upper: number;
  /** Standard deviation of one pair's log ratio; 0 where deterministic. */
  readonly deviation: number;
  /** Whether the bounds coincide because the clock is deterministic. */
  readonly degenerate: boolean;
}

/**
 * Two-sided paired-t interval of log ratios: mean ± t(1 − level/2, K − 1)·s/√K. A deterministic
 * clock repeats itself, so one pair is all there is to know and the interval has no width.
 *
 * The level is 1 − {@link CONFIDENCE} where the number of pairs was fixed beforehand, and stricter
 * where the run could stop at several looks.
 *
 * @returns The estimate, or null when the pairs allow none: fewer than two, or all with one ratio to the
 * last bit, whose noise is below what the timer tells apart.
 */
export function pairedInterval(
  logRatios: readonly number[],
  o: { readonly deterministic: boolean; readonly level?: number },
): Estimate | null {
  const center = mean(logRatios);
  if (center === null) return null;
  if (o.deterministic) {
    return { mean: center, lower: center, upper: center, deviation: 0, degenerate: true };
  }
  const deviation = standardDeviation(logRatios);
  if (deviation === null || deviation < LEAST_SPREAD) return null;
  const half = tFactor(1 - (o.level ?? 1 - CONFIDENCE) / 2, logRatios.length) * deviation /
    Math.sqrt(logRatios.length);
  return { mean: center, lower: center - half, upper: center + half, deviation, degenerate: false };
}

/**
 * Two-sided interval of the difference of mean logarithms of two unpaired samples, with Welch's
 * degrees of freedom; for runs that were not interleaved.
 *
 * @returns The estimate, or null when the samples allow none, as in {@link pairedInterval}.
 */
export function unpairedInterval(
  baselineLogs: readonly number[],
  candidateLogs: readonly number[],
): Estimate | null {
  const [baselineMean, candidateMean] = [mean(baselineLogs), mean(candidateLogs)];
  const [baselineSd, candidateSd] = [
    standardDeviation(baselineLogs),
    standardDeviation(candidateLogs),
  ];
  if (baselineMean === null || candidateMean === null || baselineSd === null) return null;
  if (candidateSd === null) return null;
  const center = candidateMean - baselineMean;
  const a = baselineSd ** 2 / baselineLogs.length;
  const b = candidateSd ** 2 / candidateLogs.length;
  const deviation = Math.sqrt((a + b) * Math.min(baselineLogs.length, candidateLogs.length));
  if (deviation < LEAST_SPREAD) return null;
  const degreesOfFreedom = (a + b) ** 2 /
    (a ** 2 / (baselineLogs.length - 1) + b ** 2 / (candidateLogs.length - 1));
  const half = studentTQuantile(0.5 + CONFIDENCE / 2, { degreesOfFreedom }) * Math.sqrt(a + b);
  return { mean: center, lower: center - half, upper: center + half, deviation, degenerate: false };
}

/**
 * How far beyond the threshold a true effect must lie for these pairs to pass it with a chance of
 * {@link POWER}: (t(1 − level/2) + t(0.8))·s/√K, in log units.
 */
export function detectableMargin(
  deviation: number,
  pairs: number,
  o: { readonly level?: number } = {},
): number {
  if (deviation === 0) return 0;
  const factor = tFactor(1 - (o.level ?? 1 - CONFIDENCE) / 2, pairs) + tFactor(POWER, pairs);
  return factor * deviation / Math.sqrt(pairs);
}

/** Fewest pairs whose interval of this spread would be narrower than the distance; null if many. */
export function pairsToDecide(
  deviation: number,
  distance: number,
  o: { readonly level?: number } = {},
): number | null {
  const decides = (pairs: number): boolean =>
    tFactor(1 - (o.level ?? 1 - CONFIDENCE) / 2, pairs) * deviation / Math.sqrt(pairs) < distance;
  if (!decides(MAX_PROPOSED_PAIRS)) return null;
  let [low, high] = [2, MAX_PROPOSED_PAIRS];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (decides(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function tFactor(probability: number, pairs: number): number {
  // A quantile is a bisection of its own, and few of them are ever asked for.
  const key = `${probability}/${pairs}`;
  const known = factors.get(key);
  if (known !== undefined) return known;
  const factor = studentTQuantile(probability, { degreesOfFreedom: pairs - 1 });
  factors.set(key, factor);
  return factor;
}
