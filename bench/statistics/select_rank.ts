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
 * Prepares to find values by rank. The sample is counted once in buckets between its bounds; what
 * lies in the bucket of a rank is gathered when it is asked for, and kept for the next rank.
 *
 * @returns The value that stands at a rank, from 0, of the sample written out and sorted. O(values)
 *   for the first rank of a bucket, however the values are spread: a bucket that leaves nothing out
 *   is sorted instead.
 */
export function createRankSelector(sample: WeightedSample): (rank: number) => number {
  const { values, weights } = sample;
  if (values.length <= SORTED_SIZE) return sortedSelector(sample);
  const [least, most] = boundsOf(sample);
  // As where no request waits: sorting a hundred thousand equal values takes memory for nothing.
  if (least === most) return () => least;
  const scale = BUCKETS / (most - least);
  if (!Number.isFinite(scale)) return sortedSelector(sample);
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
  const gather = (bucket: number): WeightedSample => {
    const kept = {
      values: new Float64Array(sizes[bucket]),
      weights: new Float64Array(sizes[bucket]),
    };
    let next = 0;
    for (let i = 0; i < values.length; i++) {
      if (weights[i] === 0 || bucketOf(values[i]) !== bucket) continue;
      kept.values[next] = values[i];
      kept.weights[next++] = weights[i];
    }
    return kept;
  };
  const inside = new Map<number, (rank: number) => number>();
  return (rank) => {
    let below = 0;
    let bucket = 0;
    while (below + counts[bucket] <= rank) below += counts[bucket++];
    let select = inside.get(bucket);
    if (select === undefined) {
      select = sizes[bucket] === values.length
        ? sortedSelector(sample)
        : createRankSelector(gather(bucket));
      inside.set(bucket, select);
    }
    return select(rank - below);
  };
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

function sortedSelector({ values, weights }: WeightedSample): (rank: number) => number {
  const order = Array.from({ length: values.length }, (_, index) => index)
    .filter((index) => weights[index] > 0)
    .sort((left, right) => values[left] - values[right]);
  return (rank) => {
    let left = rank;
    const found = order.find((index) => (left -= weights[index]) < 0);
    return values[found ?? order[order.length - 1]];
  };
}
