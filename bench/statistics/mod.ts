/**
 * Summaries, intervals, sequential looks and the order of run pairs.
 *
 * @module
 */

export { findClockStates } from "./clock_states.ts";
export { combineVerdicts, compareMetric, ratioText } from "./comparison.ts";
export { detectableMargin } from "./interval.ts";
export { interleaveSides, type Turn } from "./pair_order.ts";
export { isFutile } from "./futility.ts";
export { solveLinear } from "./linear_system.ts";
export { levelAfter, planLooks, type SequentialPlan } from "./sequential.ts";
export { type SortedSample, sortSample, summarizeSamples, valueAtRank } from "./sorted_sample.ts";
export { mean, median, summarize, summarizeWeighted } from "./summary.ts";
export { meanOverRuns, type RunFigure } from "./mean_over_runs.ts";
