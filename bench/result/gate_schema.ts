/** Verdicts of gates and the evidence behind them. */

import { z } from "zod";
import { count, nullableNumber } from "./parts.ts";
import { gateName, sideName, sidePair } from "./sides.ts";
import type { Stored } from "../../fixtures/mod.ts";

/** What a gate may say. */
export const verdict = z.enum(["PASS", "FAIL", "INCONCLUSIVE"]);

const interval = z.strictObject({
  lower: z.number(),
  upper: z.number(),
  /** Confidence, such as 0.95. */
  confidence: z.number(),
  /** True where the clock is deterministic, so that the interval has no width. */
  degenerate: z.boolean(),
});

/** One metric compared over run pairs; every ratio is candidate over baseline. */
export const comparison = z.strictObject({
  /** Name of the metric, such as `mean TTFT`. */
  metric: z.string(),
  /** Unit of the two means. */
  unit: z.string(),
  /** Whether a smaller value is better. */
  better: z.enum(["lower", "higher"]),
  /** Mean over the pairs on the baseline side, or null where a pair misses it. */
  baseline: nullableNumber,
  /** Mean over the pairs on the candidate side, or null where a pair misses it. */
  candidate: nullableNumber,
  /** Geometric mean of the pairs' ratios, or null. */
  ratio: nullableNumber,
  /** Interval of the ratio; null where the pairs allow none. */
  interval: interval.nullable(),
  /** Ratio that the interval's worse bound must reach, or null where nothing is demanded. */
  threshold: nullableNumber,
  /** Verdict of this metric alone; null where nothing is demanded. */
  verdict: verdict.nullable(),
  /** Why the verdict is what it is. */
  reason: z.string(),
  /** The least improved true ratio that these pairs would pass with 80 % chance; null if unknown. */
  minimumDetectableRatio: nullableNumber,
  /** Pairs that would decide at the spread and the mean seen; null where decided or unknown. */
  pairsToDecide: nullableNumber,
  pairLogRatios: z.array(z.number()),
  /** Median over requests of the log ratio, a value for each pair; empty where not by request. */
  requestMedianLogRatios: z.array(z.number()),
  /**
   * Geometric mean of those medians: the typical request's ratio, where `ratio` is of means. It is
   * shown beside the verdict and does not make it.
   */
  requestRatio: nullableNumber,
  /** Interval of `requestRatio`; null where there is none. */
  requestInterval: interval.nullable(),
});

const otherPair = z.strictObject({
  ...sidePair.shape,
  /** The gate's metrics. */
  comparisons: z.array(comparison),
});

const gateReport = z.strictObject({
  /** Clause that it answers. */
  gate: z.enum(["gate/read", "gate/capacity", "gate/regression"]),
  /** Verdict over all demanded metrics: all must pass. */
  verdict,
  /** Why, one line a finding. */
  reasons: z.array(z.string()),
  ...sidePair.shape,
  /** Number of run pairs. */
  pairs: count,
  /** Demanded metrics first, then those shown for information. */
  comparisons: z.array(comparison),
  /** The same metrics of the control side against the baseline; empty where there is none. */
  control: z.array(comparison),
  /** Every other pair of the sides that were replayed, for information. */
  others: z.array(otherPair).exactOptional(),
});

/** One gate over two sides, as a result holds it. */
export const gate: z.ZodType<GateReport> = gateReport.extend({ gate: gateName });

/** What arithmetic says about the concurrency that recycling can win. */
export const capacityPrediction = z.strictObject({
  /** H, KV heads over all layer groups. */
  heads: count,
  /** S, window heads over all layer groups. */
  windowHeads: count,
  /** F, pages that a full head of the mean request holds. */
  fullHeadPages: z.number(),
  /** R, pages that a window head of the mean request keeps under recycling. */
  windowHeadPages: z.number(),
  /** Predicted gain of one pool for all heads, H·F / ((H−S)·F + S·R). */
  pooledGain: z.number(),
  /** Predicted gain of a pool for each head: 1 with any full head. */
  perHeadGain: z.number(),
  /** The argument in words, with the figures in. */
  explanation: z.string(),
});

/** How many requests one side runs while memory bounds the batch, by arithmetic. */
export const concurrencyPrediction = z.strictObject({
  side: sideName,
  /** C, pages of the pool that runs out first. */
  capacityPages: z.number(),
  /** h, pages of it that a decoding request holds on the mean, with half of those taken ahead. */
  heldPages: z.number(),
  /** a, pages of it that admission asks for, the chunk beside the window included. */
  admissionPages: z.number(),
  /** r, pages of it that admission keeps back for each running request. */
  reservePages: z.number(),
  /** 1 + (C − a) / (h + r), before requests are counted whole. */
  roomRequests: z.number(),
  /** Running requests; a whole number where all requests have one length. */
  concurrency: z.number(),
  /** Whether pages or something else (slots, the number of requests) bounds them. */
  boundBy: z.enum(["pages", "slots"]),
});

const capacityOutcome = z.strictObject({
  layout: z.enum(["headwise", "pooled"]),
  /** Prediction with recycling off. */
  predictedOff: concurrencyPrediction,
  /** Prediction with recycling on. */
  predictedOn: concurrencyPrediction,
  /** Replayed concurrency while pages were short, recycling off; null where they never were. */
  replayedOff: nullableNumber,
  /** Replayed concurrency while pages were short, recycling on; null where they never were. */
  replayedOn: nullableNumber,
  /** Preemptions with recycling off, a mean over the pairs; null where nothing was measured. */
  preemptionsOff: nullableNumber,
  /** Preemptions with recycling on, a mean over the pairs; null where nothing was measured. */
  preemptionsOn: nullableNumber,
});

/** `gate/capacity` for both pool layouts. */
export const capacityGate = z.strictObject({
  /** Verdict that counts: of the per-head pools where they can gain, otherwise of the one pool. */
  verdict,
  /** Layout that the verdict is taken from. */
  decidedBy: z.enum(["headwise", "pooled"]),
  /** What arithmetic predicts. */
  prediction: capacityPrediction,
  /** Recycling on against off with a pool for each head (L1). */
  perHead: gate,
  /** Recycling on against off with one pool for all heads (L2). */
  pooled: gate,
  /** Predicted against replayed concurrency of both. */
  outcomes: z.array(capacityOutcome),
});

/** `gate/regression`, as `headwise gate --json` prints it. */
export const regressionGate = z.strictObject({
  /** Clause that it answers. */
  gate: z.literal("gate/regression"),
  /** Verdict over all sides: all must pass. */
  verdict,
  /** Share by which a metric may be worse, such as 0.02. */
  maxRegression: z.number(),
  /** Why, one line a finding, with the side that it is about. */
  reasons: z.array(z.string()),
  /** Each side against itself in the earlier result. */
  sides: z.array(gateReport),
});

/** What a gate says. */
export type Verdict = Stored<typeof verdict>;
/** A two-sided confidence interval of a ratio. */
export type RatioInterval = Stored<typeof interval>;
/** One metric compared over run pairs; every ratio is candidate over baseline. */
export type Comparison = Stored<typeof comparison>;
/** A gate's verdict with its comparisons. */
export type GateReport = Stored<typeof gateReport>;
/** What arithmetic says about the concurrency that recycling can win. */
export type CapacityPrediction = Stored<typeof capacityPrediction>;
/** How many requests one side runs while memory bounds the batch, by arithmetic. */
export type ConcurrencyPrediction = Stored<typeof concurrencyPrediction>;
/** Predicted against replayed concurrency of one pool layout, recycling off and on. */
export type CapacityOutcome = Stored<typeof capacityOutcome>;
/** `gate/capacity` for both pool layouts. */
export type CapacityGateReport = Stored<typeof capacityGate>;

/** `gate/regression`: a result against an earlier one, side by side. */
export type RegressionReport = Stored<typeof regressionGate>;
