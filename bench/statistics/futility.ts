/** Whether more pairs would still decide. */

import type { Comparison } from "../result/mod.ts";
import { levelAfter, type SequentialPlan } from "./sequential.ts";
import { studentTCdf, studentTQuantile } from "./student_t.ts";
import { mean, standardDeviation } from "./summary.ts";

/** A run is given up where each verdict is less likely than this. */
const LEAST_CHANCE = 0.1;

/**
 * The chance that a metric ends decided at the last look, if the pairs to come are like those seen:
 * the conditional power under the current trend. A PASS and a FAIL both count.
 *
 * @param comparison The metric so far, with the log ratio of each pair.
 * @returns In [0, 1]; null where nothing is demanded or the pairs have no spread yet.
 */
export function chanceToDecide(comparison: Comparison, plan: SequentialPlan): number | null {
  const { pairLogRatios, threshold } = comparison;
  const center = mean(pairLogRatios);
  const deviation = standardDeviation(pairLogRatios);
  if (threshold === null || center === null || deviation === null || deviation === 0) return null;
  const pairs = pairLogRatios.length;
  const last = plan.looks[plan.looks.length - 1];
  const more = last - pairs;
  if (more <= 0) return null;
  const quantile = studentTQuantile(1 - levelAfter(plan, last) / 2, { degreesOfFreedom: last - 1 });
  const half = quantile * deviation / Math.sqrt(last);
  // The final mean is the mean so far and that of the pairs to come, which alone is uncertain.
  const spread = deviation * Math.sqrt(more) / last;
  const distance = Math.abs(center - Math.log(threshold));
  return studentTCdf((distance - half) / spread, { degreesOfFreedom: Math.max(1, pairs - 1) });
}

/**
 * Whether a run may be given up: some demanded metric is undecided and will most likely stay so.
 */
export function isFutile(comparisons: readonly Comparison[], plan: SequentialPlan): boolean {
  return comparisons.some((comparison) => {
    if (comparison.verdict !== "INCONCLUSIVE") return false;
    const chance = chanceToDecide(comparison, plan);
    return chance !== null && chance < LEAST_CHANCE;
  });
}
