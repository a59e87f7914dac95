/**
 * Stopping as soon as the verdict is clear, without more false verdicts than a fixed number of
 * pairs gives.
 *
 * Looking at a 95 % interval after every pair and stopping when it clears the threshold errs far
 * more often than one time in twenty. So each look uses one stricter level, the same for all
 * (Pocock 1977, Group sequential methods in the design and analysis of clinical trials): the
 * largest at which a paired t statistic that is watched at all planned looks crosses with a chance
 * of 5 % in all. Under a normal log ratio that statistic does not depend on the mean or the spread,
 * so its crossing rate is the same for all of them and a seeded simulation gives the level.
 */

import { createRandom } from "../../allocator/mod.ts";
import { CONFIDENCE } from "./interval.ts";
import { studentTQuantile } from "./student_t.ts";

/** When a run may stop: looks after these numbers of pairs, the last one ends it. */
export interface SequentialPlan {
  /** Numbers of pairs at which the verdict is looked at, rising. */
  readonly looks: readonly number[];
  /** Two-sided level of the interval at each look. */
  readonly level: number;
}

/** Paths of the simulation that sets the level. */
const PATHS = 20_000;
const SEED = 0x5e91;
/** The simulated crossing rate stays this many standard errors below the nominal one. */
const MARGIN = 1.645;
const levels = new Map<string, number>();

/**
 * Plans the looks. They lie after even numbers of pairs only, so that at each of them either side
 * went first equally often and a steady drift has cancelled.
 *
 * @example Four, six and eight pairs
 * ```ts
 * import assert from "node:assert/strict";
 * import { planLooks } from "@headwise/headwise/bench";
 *
 * const plan = planLooks({ firstPairs: 4, maxPairs: 8 });
 * assert.deepEqual(plan.looks, [4, 6, 8]);
 * assert.ok(plan.level > 0.05 / 3 && plan.level < 0.05);
 * ```
 *
 * @param o Pairs before the first look, at least 2, and the most pairs; odd numbers are rounded up.
 * @returns The looks and their level.
 */
export function planLooks(o: { firstPairs: number; maxPairs: number }): SequentialPlan {
  const even = (pairs: number): number => Math.max(2, pairs + pairs % 2);
  const [first, last] = [even(o.firstPairs), Math.max(even(o.firstPairs), even(o.maxPairs))];
  const looks = Array.from({ length: (last - first) / 2 + 1 }, (_, look) => first + 2 * look);
  const key = `${first}-${last}`;
  let level = levels.get(key);
  if (level === undefined) {
    level = findLevel(looks);
    levels.set(key, level);
  }
  return { looks, level };
}

function findLevel(looks: readonly number[]): number {
  const alpha = 1 - CONFIDENCE;
  if (looks.length === 1) return alpha;
  const squares = simulateSquares(looks);
  const target = alpha - MARGIN * Math.sqrt(alpha * (1 - alpha) / PATHS);
  // One look crosses at its own level, so the level lies between that of independent looks and alpha.
  let [low, high] = [alpha / looks.length, alpha];
  for (let i = 0; i < 16; i++) {
    const middle = (low + high) / 2;
    if (crossingRate(squares, looks, middle) <= target) low = middle;
    else high = middle;
  }
  return low;
}

/** [PATHS, looks] squares of the t statistic of pairs without any effect. */
function simulateSquares(looks: readonly number[]): Float64Array {
  const random = createRandom(SEED);
  const squares = new Float64Array(PATHS * looks.length);
  const last = looks[looks.length - 1];
  for (let path = 0; path < PATHS; path++) {
    let [mean, spread, look] = [0, 0, 0];
    for (let pair = 1; pair <= last; pair++) {
      const value = random.nextNormal();
      const before = value - mean;
      mean += before / pair;
      spread += before * (value - mean);
      if (pair !== looks[look]) continue;
      squares[path * looks.length + look] = mean * mean * pair * (pair - 1) / spread;
      look++;
    }
  }
  return squares;
}

function crossingRate(squares: Float64Array, looks: readonly number[], level: number): number {
  const critical = looks.map((pairs) =>
    studentTQuantile(1 - level / 2, { degreesOfFreedom: pairs - 1 }) ** 2
  );
  let crossed = 0;
  for (let start = 0; start < squares.length; start += looks.length) {
    for (let look = 0; look < looks.length; look++) {
      if (squares[start + look] <= critical[look]) continue;
      crossed++;
      break;
    }
  }
  return crossed / PATHS;
}
