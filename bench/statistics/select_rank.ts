/** Order statistics of long weighted samples without sorting them. */

/** A sample in which value i occurs `weights[i]` times. */
export interface WeightedSample {
  /** Values, in any order. */
  readonly values: ArrayLike<number>;
  /** How often each occurs: whole numbers, 0 allowed. */
  readonly weights: ArrayLike<number>;
}

const BUCKETS = 1024;
/** Samples up to this size are sorted. */
const SORTED_SIZE = 2048;

/**
 * Finds the value that stands at a rank, from 0, of the sample written out and sorted. Each round
 * counts the sample in buckets between its bounds and goes on with the bucket of the rank:
 * O(values) in all, however they are spread, for a round that leaves nothing out is sorted instead.
 */
export function selectRank(sample: WeightedSample, rank: number): number {
  let { values, weights } = sample;
  let below = 0;
  while (values.length > SORTED_SIZE) {
    const [least, most] = boundsOf({ values, weights });
    const scale = BUCKETS / (most - least);
    if (!Number.isFinite(scale)) break;
    const bucketOf = (value: number): number =>
      Math.min(BUCKETS - 1, Math.floor((value - least) * scale));
    const counts = new Float64Array(BUCKETS);
    const sizes = new Uint32Array(BUCKETS);
    for (let i = 0; i < values.length; i++) {
      if (weights[i] === 0) continue;
      const bucket = bucketOf(values[i]);
      counts[bucket] += weights[i];
      sizes[bucket]++;
    }
    let bucket = 0;
    while (below + counts[bucket] <= rank) below += counts[bucket++];
    if (sizes[bucket] === values.length) break;
    const [kept, keptWeights] = [new Float64Array(sizes[bucket]), new Float64Array(sizes[bucket])];
    let next = 0;
    for (let i = 0; i < values.length; i++) {
      if (weights[i] === 0 || bucketOf(values[i]) !== bucket) continue;
      kept[next] = values[i];
      keptWeights[next++] = weights[i];
    }
    [values, weights] = [kept, keptWeights];
  }
  return sortedRank({ values, weights }, rank - below);
}

/** Least and greatest value that occurs. */
export function boundsOf({ values, weights }: WeightedSample): readonly [number, number] {
  let [least, most] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    if (weights[i] === 0) continue;
    if (values[i] < least) least = values[i];
    if (values[i] > most) most = values[i];
  }
  return [least, most];
}

function sortedRank({ values, weights }: WeightedSample, rank: number): number {
  const order = Array.from({ length: values.length }, (_, index) => index)
    .filter((index) => weights[index] > 0)
    .sort((left, right) => values[left] - values[right]);
  let left = rank;
  const found = order.find((index) => (left -= weights[index]) < 0);
  return values[found ?? order[order.length - 1]];
}
