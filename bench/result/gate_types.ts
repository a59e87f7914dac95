/** Verdicts of gates and the evidence behind them. */

import type { SideName } from "./sides.ts";

/** What a gate says. */
export type Verdict = "PASS" | "FAIL" | "INCONCLUSIVE";

/** A two-sided confidence interval of a ratio. */
export interface RatioInterval {
  /** Lower bound. */
  readonly lower: number;
  /** Upper bound. */
  readonly upper: number;
  /** Confidence, such as 0.95. */
  readonly confidence: number;
  /** True where the clock is deterministic, so that the interval has no width. */
  readonly degenerate: boolean;
}

/** One metric compared over run pairs; every ratio is candidate over baseline. */
export interface Comparison {
  /** Name of the metric, such as `mean TTFT`. */
  readonly metric: string;
  /** Unit of the two means. */
  readonly unit: string;
  /** Whether a smaller value is better. */
  readonly better: "lower" | "higher";
  /** Mean over the pairs on the baseline side, or null where a pair misses it. */
  readonly baseline: number | null;
  /** Mean over the pairs on the candidate side, or null where a pair misses it. */
  readonly candidate: number | null;
  /** Geometric mean of the pairs' ratios, or null. */
  readonly ratio: number | null;
  /** Interval of the ratio; null where the pairs allow none. */
  readonly interval: RatioInterval | null;
  /** Ratio that the interval's worse bound must reach, or null where nothing is demanded. */
  readonly threshold: number | null;
  /** Verdict of this metric alone; null where nothing is demanded. */
  readonly verdict: Verdict | null;
  /** Why the verdict is what it is. */
  readonly reason: string;
  /** The least improved true ratio that these pairs would pass with 80 % chance; null if unknown. */
  readonly minimumDetectableRatio: number | null;
  /** Pairs that would decide at the spread and the mean seen; null where decided or unknown. */
  readonly pairsToDecide: number | null;
  /** Log ratio of each pair. */
  readonly pairLogRatios: readonly number[];
  /** Median over requests of the log ratio, a value for each pair; empty where not by request. */
  readonly requestMedianLogRatios: readonly number[];
  /**
   * Geometric mean of those medians: the typical request's ratio, where `ratio` is of means. It is
   * shown beside the verdict and does not make it.
   */
  readonly requestRatio: number | null;
  /** Interval of `requestRatio`; null where there is none. */
  readonly requestInterval: RatioInterval | null;
}

/** A gate's verdict with its comparisons. */
export interface GateReport {
  /** Clause that it answers. */
  readonly gate: "gate/read" | "gate/capacity" | "gate/regression";
  /** Verdict over all demanded metrics: all must pass. */
  readonly verdict: Verdict;
  /** Why, one line a finding. */
  readonly reasons: readonly string[];
  /** Side compared against. */
  readonly baseline: SideName;
  /** Side judged. */
  readonly candidate: SideName;
  /** Number of run pairs. */
  readonly pairs: number;
  /** Demanded metrics first, then those shown for information. */
  readonly comparisons: readonly Comparison[];
  /** The same metrics of the control side against the baseline; empty where there is none. */
  readonly control: readonly Comparison[];
  /** Every other pair of the sides that were replayed, for information. */
  readonly others?: readonly SidePairReport[];
}

/** Two sides beside a gate's own pair; nothing is demanded of them. */
export interface SidePairReport {
  /** Side compared against. */
  readonly baseline: SideName;
  /** Side shown. */
  readonly candidate: SideName;
  /** The gate's metrics. */
  readonly comparisons: readonly Comparison[];
}

/** What arithmetic says about the concurrency that recycling can win. */
export interface CapacityPrediction {
  /** H, KV heads over all layer groups. */
  readonly heads: number;
  /** S, window heads over all layer groups. */
  readonly windowHeads: number;
  /** F, pages that a full head of the mean request holds. */
  readonly fullHeadPages: number;
  /** R, pages that a window head of the mean request keeps under recycling. */
  readonly windowHeadPages: number;
  /** Predicted gain of one pool for all heads, H·F / ((H−S)·F + S·R). */
  readonly pooledGain: number;
  /** Predicted gain of a pool for each head: 1 with any full head. */
  readonly perHeadGain: number;
  /** The argument in words, with the figures in. */
  readonly explanation: string;
}

/** How many requests one side runs while memory bounds the batch, by arithmetic. */
export interface ConcurrencyPrediction {
  /** Side that is predicted. */
  readonly side: SideName;
  /** C, pages of the pool that runs out first. */
  readonly capacityPages: number;
  /** h, pages of it that a decoding request holds on the mean, with half of those taken ahead. */
  readonly heldPages: number;
  /** a, pages of it that admission asks for, the chunk beside the window included. */
  readonly admissionPages: number;
  /** r, pages of it that admission keeps back for each running request. */
  readonly reservePages: number;
  /** 1 + (C − a) / (h + r), before requests are counted whole. */
  readonly roomRequests: number;
  /** Running requests; a whole number where all requests have one length. */
  readonly concurrency: number;
  /** Whether pages or something else (slots, the number of requests) bounds them. */
  readonly boundBy: "pages" | "slots";
}

/** Predicted against replayed concurrency of one pool layout, recycling off and on. */
export interface CapacityOutcome {
  /** Layout of the pools. */
  readonly layout: "headwise" | "pooled";
  /** Prediction with recycling off. */
  readonly predictedOff: ConcurrencyPrediction;
  /** Prediction with recycling on. */
  readonly predictedOn: ConcurrencyPrediction;
  /** Replayed concurrency while pages were short, recycling off; null where they never were. */
  readonly replayedOff: number | null;
  /** Replayed concurrency while pages were short, recycling on; null where they never were. */
  readonly replayedOn: number | null;
  /** Preemptions with recycling off, a mean over the pairs; null where nothing was measured. */
  readonly preemptionsOff: number | null;
  /** Preemptions with recycling on, a mean over the pairs; null where nothing was measured. */
  readonly preemptionsOn: number | null;
}

/** `gate/capacity` for both pool layouts. */
export interface CapacityGateReport {
  /** Verdict that counts: of the per-head pools where they can gain, otherwise of the one pool. */
  readonly verdict: Verdict;
  /** Layout that the verdict is taken from. */
  readonly decidedBy: "headwise" | "pooled";
  /** What arithmetic predicts. */
  readonly prediction: CapacityPrediction;
  /** Recycling on against off with a pool for each head (L1). */
  readonly perHead: GateReport;
  /** Recycling on against off with one pool for all heads (L2). */
  readonly pooled: GateReport;
  /** Predicted against replayed concurrency of both. */
  readonly outcomes: readonly CapacityOutcome[];
}

/** `gate/regression`: a result against an earlier one, side by side. */
export interface RegressionReport {
  /** Clause that it answers. */
  readonly gate: "gate/regression";
  /** Verdict over all sides: all must pass. */
  readonly verdict: Verdict;
  /** Share by which a metric may be worse, such as 0.02. */
  readonly maxRegression: number;
  /** Why, one line a finding, with the side that it is about. */
  readonly reasons: readonly string[];
  /** Each side against itself in the earlier result. */
  readonly sides: readonly GateReport[];
}
