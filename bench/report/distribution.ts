/** Distributions as charts show them: cumulative shares and histograms of weighted samples. */

/** Values with how often each occurs. */
export interface WeightedSample {
  /** Values in any order. */
  readonly values: readonly number[];
  /** How often each occurs. */
  readonly weights: readonly number[];
}

/** A point of an empirical cumulative distribution: `share` of all values are at most `value`. */
export interface EcdfPoint {
  readonly value: number;
  readonly share: number;
}

/** A sample in which each value occurs once; missing ones are left out. */
export function sampleOf(values: readonly (number | null)[]): WeightedSample {
  const present = values.filter((value) => value !== null);
  return { values: present, weights: present.map(() => 1) };
}

/**
 * The empirical cumulative distribution F(x) = share of values ≤ x.
 *
 * @param o Most points kept; every kept one is exact, the first and the last are always kept.
 * @returns Points with ascending values and shares; empty of an empty sample.
 */
export function ecdf(
  sample: WeightedSample,
  o: { readonly maxPoints: number },
): readonly EcdfPoint[] {
  const total = sample.weights.reduce((sum, weight) => sum + weight, 0);
  const order = sample.values.map((_, index) => index).filter((index) => sample.weights[index] > 0)
    .sort((a, b) => sample.values[a] - sample.values[b]);
  const points: { value: number; share: number }[] = [];
  let upTo = 0;
  for (const index of order) {
    upTo += sample.weights[index];
    const last = points.at(-1);
    const share = upTo / total;
    if (last?.value === sample.values[index]) last.share = share;
    else points.push({ value: sample.values[index], share });
  }
  if (points.length <= o.maxPoints) return points;
  const step = (points.length - 1) / (o.maxPoints - 1);
  return Array.from({ length: o.maxPoints }, (_, kept) => points[Math.round(kept * step)]);
}

/** Whether values spread so far that only a logarithmic axis shows them. */
export function needsLogAxis(values: readonly number[]): boolean {
  const [low, high] = rangeOf(values);
  return low > 0 && high / low > LOG_RATIO;
}

const LOG_RATIO = 30;

/** Smallest and largest value; [0, 1] of none. */
export function rangeOf(values: readonly number[]): readonly [number, number] {
  if (values.length === 0) return [0, 1];
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

/**
 * Edges of histogram bins over all values, equally wide, or equally wide in the logarithm.
 *
 * @returns bins + 1 ascending edges.
 */
export function binEdges(
  values: readonly number[],
  o: { readonly bins: number; readonly isLog: boolean },
): readonly number[] {
  const [low, high] = rangeOf(values);
  // One value alone still needs a bin around it.
  const [from, to] = low < high ? [low, high] : [low - 0.5, high + 0.5];
  const at = (share: number): number =>
    o.isLog ? from * (to / from) ** share : from + (to - from) * share;
  return Array.from({ length: o.bins + 1 }, (_, edge) => edge === o.bins ? to : at(edge / o.bins));
}

/**
 * The share of a sample in each bin: [edge i, edge i + 1), the last one closed.
 *
 * @param sample Values and weights; all inside the edges.
 * @returns Shares that add up to 1, or zeros of an empty sample.
 */
export function histogram(sample: WeightedSample, edges: readonly number[]): readonly number[] {
  const shares = new Array<number>(edges.length - 1).fill(0);
  const total = sample.weights.reduce((sum, weight) => sum + weight, 0);
  if (total === 0) return shares;
  sample.values.forEach((value, index) => {
    let bin = edges.findIndex((edge) => edge > value) - 1;
    if (bin < 0) bin = shares.length - 1;
    shares[bin] += sample.weights[index] / total;
  });
  return shares;
}

/** The smallest value with at least this share at or below it; null of no points. */
export function quantileOf(points: readonly EcdfPoint[], share: number): number | null {
  // Shares are sums of fractions: the last is 1 but for rounding.
  return points.find((point) => point.share >= share - 1e-12)?.value ?? null;
}
