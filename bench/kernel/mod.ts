/**
 * The benchmark of the attention kernel: cases, goals, figures, peers, tuning.
 *
 * @module
 */

export * from "./case.ts";
export { builtinKernelCases, parseKernelCases } from "./case_file.ts";
export type { KernelCeilings } from "./figures.ts";
export { describeKernelFigures } from "./format_figures.ts";
export { describeGoal, goalUnit } from "./format_goals.ts";
export type { KernelMeasureOptions } from "./measure.ts";
export { openPeers, type OpenPeersOptions, type PeerSession } from "./peers.ts";
export {
  type BrowserEnvironment,
  type KernelCaseResult,
  type KernelFigures,
  type KernelGoalResult,
  type KernelResult,
  parseKernelResult,
} from "./result_schema.ts";
export { type KernelBenchOptions, runKernelBench } from "./run_cases.ts";
export { selectKernelCases } from "./select.ts";
export { sizedKernelCases } from "./sized_cases.ts";
export {
  defaultCaseTuning,
  type TunedShape,
  type TunedVariant,
  tuneKernel,
  type TuneOptions,
  tuningKey,
} from "./tune.ts";
