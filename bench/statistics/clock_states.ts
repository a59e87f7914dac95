/** Whether a series of runs was measured in two clock states of a card. */

/** One run of a series, in the order in which all runs were made. */
export interface OrderedRun {
  /** Position among all runs. */
  readonly order: number;
  /** What was measured; null where nothing was. */
  readonly value: number | null;
}

/** Two groups of runs whose times lie apart. */
export interface ClockStates {
  /** Geometric mean of the slow runs over that of the fast ones. */
  readonly ratio: number;
  readonly fastRuns: number;
  readonly slowRuns: number;
}

/** Fewer runs than this in all show no groups. */
const LEAST_RUNS = 8;
/** Fewer runs than this are an outlier and no state. */
const LEAST_IN_GROUP = 3;
/** The groups lie this many of their own spreads apart; noise of one kind does in under 1 %. */
const LEAST_DISTANCE = 6;
/** A state lasts: it changes in fewer of the neighbouring runs than chance would have it. */
const MOST_CHANGES = 0.4;

/**
 * Looks for two states that last. Each side's runs are taken relative to that side's own mean; the
 * split is where the distance between the groups is largest for their spread.
 *
 * @returns The groups, or null where there is one.
 */
export function findClockStates(sides: readonly (readonly OrderedRun[])[]): ClockStates | null {
  const logs = sides.flatMap(centredLogs).sort((a, b) => a.order - b.order);
  if (logs.length < LEAST_RUNS) return null;
  const sorted = logs.map(({ log }) => log).sort((a, b) => a - b);
  let best = { distance: 0, below: 0 };
  for (let below = LEAST_IN_GROUP; below <= sorted.length - LEAST_IN_GROUP; below++) {
    const distance = distanceOf(sorted.slice(0, below), sorted.slice(below));
    if (distance > best.distance) best = { distance, below };
  }
  if (best.distance < LEAST_DISTANCE) return null;
  const bound = (sorted[best.below - 1] + sorted[best.below]) / 2;
  const changes =
    logs.filter(({ log }, index) => index > 0 && log > bound !== logs[index - 1].log > bound)
      .length;
  const fast = sorted.slice(0, best.below);
  const slow = sorted.slice(best.below);
  const byChance = 2 * fast.length * slow.length / logs.length;
  if (changes > Math.max(2, 2 * MOST_CHANGES * byChance)) return null;
  return {
    ratio: Math.exp(meanOf(slow) - meanOf(fast)),
    fastRuns: fast.length,
    slowRuns: slow.length,
  };
}

function centredLogs(runs: readonly OrderedRun[]): { order: number; log: number }[] {
  const logs = runs.flatMap(({ order, value }) =>
    value === null || value <= 0 ? [] : [{ order, log: Math.log(value) }]
  );
  const centre = meanOf(logs.map(({ log }) => log));
  return logs.map(({ order, log }) => ({ order, log: log - centre }));
}

/** Distance of the means in pooled standard deviations. */
function distanceOf(left: readonly number[], right: readonly number[]): number {
  const [a, b] = [meanOf(left), meanOf(right)];
  const squares = (values: readonly number[], mean: number): number =>
    values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const variance = (squares(left, a) + squares(right, b)) / (left.length + right.length - 2);
  return variance === 0 ? (a === b ? 0 : Infinity) : (b - a) / Math.sqrt(variance);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
