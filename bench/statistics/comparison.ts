/** One metric of two sides, compared over run pairs and judged against a threshold. */

import type { Comparison, RatioInterval, Verdict } from "../result/mod.ts";
import {
  CONFIDENCE,
  detectableMargin,
  type Estimate,
  pairedInterval,
  pairsToDecide,
  unpairedInterval,
} from "./interval.ts";
import { mean } from "./summary.ts";

/** A metric of both sides, a value for each pair. */
export interface MetricPairs {
  readonly metric: string;
  readonly unit: string;
  /** Whether a smaller value is better. */
  readonly better: "lower" | "higher";
  /** Baseline, a value for each pair; null where it is missing. */
  readonly baseline: readonly (number | null)[];
  /** Candidate, a value for each pair; null where it is missing. */
  readonly candidate: readonly (number | null)[];
  /** Ratio to reach, or null where the metric is shown for information. */
  readonly threshold: number | null;
  /** Whether the clock is deterministic. */
  readonly deterministic: boolean;
  /** Two-sided level of the interval. @default {0.05, of pairs whose number was fixed beforehand} */
  readonly level?: number;
  /** False where the runs of the two sides were not interleaved. @default {true} */
  readonly interleaved?: boolean;
  /** Median over requests of the log ratio, a value for each pair. */
  readonly requestMedianLogRatios?: readonly number[];
}

/** Compares one metric of two sides and judges it. */
export function compareMetric(o: MetricPairs): Comparison {
  const [baseline, candidate] = [usable(o.baseline), usable(o.candidate)];
  const complete = baseline !== null && candidate !== null;
  const interleaved = o.interleaved ?? true;
  const paired = complete && baseline.length === candidate.length;
  const pairLogRatios = paired
    ? candidate.map((value, pair) => Math.log(value / baseline[pair]))
    : [];
  let estimate: Estimate | null = null;
  if (complete && (interleaved || o.deterministic) && paired) {
    estimate = pairedInterval(pairLogRatios, o);
  } else if (complete && !interleaved) {
    estimate = unpairedInterval(baseline.map(Math.log), candidate.map(Math.log));
  }
  const pairs = Math.min(o.baseline.length, o.candidate.length);
  const judged = judge({ ...o, complete, estimate, pairs });
  const wide = estimate !== null && !estimate.degenerate;
  const requests = o.requestMedianLogRatios ?? [];
  const byRequest = interleaved ? pairedInterval(requests, o) : null;
  const margin = wide ? detectableMargin(estimate!.deviation, pairs, o) : null;
  return {
    metric: o.metric,
    unit: o.unit,
    better: o.better,
    baseline: baseline === null ? null : mean(baseline),
    candidate: candidate === null ? null : mean(candidate),
    ratio: complete ? Math.exp(meanLog(candidate) - meanLog(baseline)) : null,
    interval: intervalOf(estimate),
    threshold: o.threshold,
    verdict: judged.verdict,
    reason: judged.reason,
    minimumDetectableRatio: margin === null || o.threshold === null
      ? null
      : Math.exp(Math.log(o.threshold) + (o.better === "lower" ? -margin : margin)),
    pairsToDecide: judged.verdict === "INCONCLUSIVE" && wide && o.threshold !== null
      ? pairsToDecide(estimate!.deviation, Math.abs(estimate!.mean - Math.log(o.threshold)), o)
      : null,
    pairLogRatios,
    requestMedianLogRatios: requests,
    requestRatio: byRequest === null ? null : Math.exp(byRequest.mean),
    requestInterval: intervalOf(byRequest),
  };
}

function meanLog(values: readonly number[]): number {
  return mean(values.map(Math.log))!;
}

function intervalOf(estimate: Estimate | null): RatioInterval | null {
  if (estimate === null) return null;
  const { lower, upper, degenerate } = estimate;
  return { lower: Math.exp(lower), upper: Math.exp(upper), confidence: CONFIDENCE, degenerate };
}

/** The values, or null where one is missing or has no logarithm. */
function usable(values: readonly (number | null)[]): number[] | null {
  const present = values.filter((value): value is number => value !== null && value > 0);
  return present.length === values.length && values.length > 0 ? present : null;
}

interface Judged {
  readonly verdict: Verdict | null;
  readonly reason: string;
}

function judge(
  o: MetricPairs & {
    readonly complete: boolean;
    readonly estimate: Estimate | null;
    readonly pairs: number;
  },
): Judged {
  if (o.threshold === null) return { verdict: null, reason: "shown for information" };
  if (!o.complete) {
    const reason = `${o.metric} is missing in a run, so nothing can be said about it`;
    return { verdict: "INCONCLUSIVE", reason };
  }
  if (o.estimate === null) {
    const reason = o.pairs < 2
      ? `${o.pairs} pair gives no interval; at least 2 are needed`
      : `${o.metric}: the same in every run to the last bit, which is a timer's resolution and tells ` +
        "nothing of its noise, so there is no interval; measure more requests, or with a finer timer";
    return { verdict: "INCONCLUSIVE", reason };
  }
  const { lower, upper, degenerate } = o.estimate;
  const threshold = Math.log(o.threshold);
  const passes = o.better === "lower" ? upper <= threshold : lower >= threshold;
  const excluded = o.better === "lower" ? lower > threshold : upper < threshold;
  const demand = `${o.better === "lower" ? "at most" : "at least"} ${ratioText(o.threshold)}`;
  const bounds = degenerate
    ? `ratio ${ofLog(lower)} (the clock is deterministic, so the interval has no width)`
    : `ratio in [${ofLog(lower)}, ${ofLog(upper)}] at ${CONFIDENCE * 100} %` +
      (o.level === undefined ? "" : " over all looks");
  if (passes) return { verdict: "PASS", reason: `${o.metric}: ${bounds}, demanded ${demand}` };
  if (excluded) {
    return { verdict: "FAIL", reason: `${o.metric}: ${bounds}, misses the demanded ${demand}` };
  }
  const reason = `${o.metric}: ${bounds} contains the demanded ${ratioText(o.threshold)}`;
  return { verdict: "INCONCLUSIVE", reason };
}

/** A ratio in words: four decimals at the most. */
export function ratioText(ratio: number): string {
  return String(Number(ratio.toFixed(4)));
}

function ofLog(logRatio: number): string {
  return Math.exp(logRatio).toFixed(4);
}

/** Verdict over several demanded comparisons: all must pass, one failure fails. */
export function combineVerdicts(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes("FAIL")) return "FAIL";
  return verdicts.length > 0 && verdicts.every((verdict) => verdict === "PASS")
    ? "PASS"
    : "INCONCLUSIVE";
}
