/**
 * Stopping as soon as the verdict is clear, without more false verdicts than a fixed number of
 * pairs gives.
 *
 * Looking at a 95 % interval after every pair and stopping when it clears the threshold errs far
 * more often than one time in twenty. So each look uses a stricter level: at a share t of the most
 * pairs, that of the critical value c·t^(Δ − 1/2) of a normal statistic (Wang and Tsiatis 1987,
 * Approximately optimal one-parameter boundaries for group sequential trials), with Δ = 0.25, half
 * way between O'Brien and Fleming's rule, which hardly ever stops early, and Pocock's, which spends
 * so much on early looks that later ones see less. c is the smallest at which a paired t statistic
 * that is watched at all planned looks crosses with a chance of 5 % in all. Under a normal log ratio
 * that statistic does not depend on the mean or the spread, so its crossing rate is the same for all
 * of them and a seeded simulation gives c.
 */

import { createRandom } from "../../allocator/mod.ts";
import { CONFIDENCE } from "./interval.ts";
import { studentTCdf, studentTQuantile } from "./student_t.ts";

/** When a run may stop: looks after these numbers of pairs, the last one ends it. */
export interface SequentialPlan {
  /** Numbers of pairs at which the verdict is looked at, rising. */
  readonly looks: readonly number[];
  /** Two-sided level of the interval at each look, rising. */
  readonly levels: readonly number[];
}

/** Shape of the boundary: 0 is O'Brien and Fleming's, 0.5 Pocock's. */
const DELTA = 0.25;
/** Paths of the simulation that sets the levels. */
const PATHS = 20_000;
const SEED = 0x5e91;
/** The simulated crossing rate stays this many standard errors below the nominal one. */
const MARGIN = 1.645;
/** Degrees of freedom at which Student's t is normal to nine digits. */
const NORMAL = { degreesOfFreedom: 1e9 };
const plans = new Map<string, SequentialPlan>();

/**
 * Plans the looks. They lie after even numbers of pairs only, so that at each of them either side
 * went first equally often and a steady drift has cancelled.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { planLooks } from "./sequential.ts";
 *
 * const plan = planLooks({ firstPairs: 4, maxPairs: 8 });
 * assert.deepEqual(plan.looks, [4, 6, 8]);
 * assert.ok(plan.levels[0] < plan.levels[2] && plan.levels[2] < 0.05);
 * ```
 *
 * @param o Pairs before the first look, at least 2, and the most pairs; odd numbers are rounded up.
 */
export function planLooks(o: { firstPairs: number; maxPairs: number }): SequentialPlan {
  const even = (pairs: number): number => Math.max(2, pairs + pairs % 2);
  const [first, last] = [even(o.firstPairs), Math.max(even(o.firstPairs), even(o.maxPairs))];
  const key = `${first}-${last}`;
  let plan = plans.get(key);
  if (plan === undefined) {
    const looks = Array.from({ length: (last - first) / 2 + 1 }, (_, look) => first + 2 * look);
    plan = { looks, levels: findLevels(looks) };
    plans.set(key, plan);
  }
  return plan;
}

/**
 * The level of the interval after a number of pairs: that of the last look reached, the strictest
 * before the first.
 */
export function levelAfter(plan: SequentialPlan, pairs: number): number {
  const look = plan.looks.findLastIndex((at) => at <= pairs);
  return plan.levels[Math.max(0, look)];
}

function findLevels(looks: readonly number[]): readonly number[] {
  const alpha = 1 - CONFIDENCE;
  if (looks.length === 1) return [alpha];
  const squares = simulateSquares(looks);
  const target = alpha - MARGIN * Math.sqrt(alpha * (1 - alpha) / PATHS);
  let [low, high] = [1.5, 6];
  for (let i = 0; i < 16; i++) {
    const middle = (low + high) / 2;
    if (crossingRate(squares, looks, levelsOf(looks, middle)) <= target) high = middle;
    else low = middle;
  }
  return levelsOf(looks, high);
}

function levelsOf(looks: readonly number[], c: number): readonly number[] {
  const last = looks[looks.length - 1];
  return looks.map((pairs) => 2 * (1 - studentTCdf(c * (pairs / last) ** (DELTA - 0.5), NORMAL)));
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

function crossingRate(
  squares: Float64Array,
  looks: readonly number[],
  levels: readonly number[],
): number {
  const critical = looks.map((pairs, look) =>
    studentTQuantile(1 - levels[look] / 2, { degreesOfFreedom: pairs - 1 }) ** 2
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
