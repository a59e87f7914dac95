/** Run pairs of a made-up noisy machine, to measure how often verdicts are right. */

import type { Random } from "../allocator/mod.ts";
import {
  combineVerdicts,
  compareMetric,
  interleaveSides,
  levelAfter,
  type SequentialPlan,
} from "../bench/statistics/mod.ts";
import type { Verdict } from "../bench/result/mod.ts";

/** Noise of a machine; every factor is log-normal. */
export interface NoiseModel {
  /** Standard deviation of a replay's own factor, such as 0.01. */
  readonly runNoise: number;
  /** Standard deviation of the factor that each request of a replay has. @default {0} */
  readonly requestNoise?: number;
  /** Growth of all times from the first replay to the last, such as 0.05. @default {0} */
  readonly drift?: number;
}

/** What one metric reads over run pairs. */
export interface SimulatedPairs {
  /** Mean of the baseline's requests, a value for each pair. */
  readonly baseline: readonly number[];
  /** Mean of the candidate's requests, a value for each pair. */
  readonly candidate: readonly number[];
  /** Median over requests of the log ratio, a value for each pair. */
  readonly requestMedianLogRatios: readonly number[];
}

/** Requests of a simulated replay; their own times spread like those of a real trace. */
const REQUESTS = 100;
const REQUEST_SPREAD = 0.8;

/** Simulates the pairs of one metric in the order in which the benchmark replays them. */
export function simulatePairs(
  random: Random,
  o: {
    readonly pairs: number;
    readonly trueRatio: number;
    readonly noise: NoiseModel;
    /** Whether medians are wanted too; they cost the most. @default {true} */
    readonly medians?: boolean;
  },
): SimulatedPairs {
  const { runNoise, requestNoise = 0, drift = 0 } = o.noise;
  const turns = interleaveSides({ sides: 2, pairs: o.pairs });
  // Without noise of their own all requests say the same, and one is enough.
  const own = Float64Array.from(
    { length: requestNoise === 0 ? 1 : REQUESTS },
    () => Math.exp(REQUEST_SPREAD * random.nextNormal()),
  );
  const times: Float64Array[][] = [[], []];
  turns.forEach(({ pair, side }, order) => {
    const level = (side === 1 ? o.trueRatio : 1) * Math.exp(runNoise * random.nextNormal()) *
      (1 + drift * order / Math.max(1, turns.length - 1));
    times[side][pair] = own.map((value) =>
      level * value * (requestNoise === 0 ? 1 : Math.exp(requestNoise * random.nextNormal()))
    );
  });
  const [baseline, candidate] = times;
  return {
    baseline: baseline.map(meanOf),
    candidate: candidate.map(meanOf),
    requestMedianLogRatios: o.medians === false
      ? []
      : candidate.map((run, pair) =>
        medianOf(run.map((value, request) => Math.log(value / baseline[pair][request])))
      ),
  };
}

/** What judges: the means, as the gate does, or the median over requests of each pair. */
export type Estimator = "mean" | "request-median";

/** How a simulated gate ended. */
export interface SimulatedVerdict {
  /** Verdict over its metrics. */
  readonly verdict: Verdict;
  /** Pairs that it took. */
  readonly pairs: number;
}

/** Options of {@link simulateGate}. */
export interface SimulatedGate {
  /** Pairs, or looks at which the run may stop. */
  readonly plan: number | SequentialPlan;
  /** Candidate over baseline in truth. */
  readonly trueRatio: number;
  /** Ratio demanded. */
  readonly threshold: number;
  /** Metrics that all have to pass, with noise of their own each. */
  readonly metrics: number;
  readonly noise: NoiseModel;
  /** What judges. @default {"mean"} */
  readonly estimator?: Estimator;
}

/** Simulates a run and judges it as the gates do, look by look where it may stop. */
export function simulateGate(random: Random, o: SimulatedGate): SimulatedVerdict {
  const { plan } = o;
  const looks = typeof plan === "number" ? [plan] : plan.looks;
  const pairs = looks[looks.length - 1];
  const medians = o.estimator === "request-median";
  const metrics = Array.from(
    { length: o.metrics },
    () => simulatePairs(random, { ...o, pairs, medians }),
  );
  for (const look of looks) {
    const verdict = combineVerdicts(metrics.map((metric) => judge(metric, look, o)));
    if (verdict !== "INCONCLUSIVE") return { verdict, pairs: look };
  }
  return { verdict: "INCONCLUSIVE", pairs };
}

function judge(metric: SimulatedPairs, pairs: number, o: SimulatedGate): Verdict {
  const ones = new Array<number>(pairs).fill(1);
  const byMean = (o.estimator ?? "mean") === "mean";
  return compareMetric({
    metric: "simulated",
    unit: "ms",
    better: "lower",
    baseline: byMean ? metric.baseline.slice(0, pairs) : ones,
    candidate: byMean
      ? metric.candidate.slice(0, pairs)
      : metric.requestMedianLogRatios.slice(0, pairs).map(Math.exp),
    threshold: o.threshold,
    deterministic: false,
    ...(typeof o.plan === "number" ? {} : { level: levelAfter(o.plan, pairs) }),
  }).verdict!;
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function medianOf(values: Float64Array): number {
  values.sort();
  return (values[(values.length - 1) >> 1] + values[values.length >> 1]) / 2;
}
