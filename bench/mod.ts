/**
 * Replay of workloads through the allocator and a step clock, metrics, and gates with a verdict.
 *
 * @module
 */

export type {
  BlockTable,
  HeadKind,
  HeadMap,
  LayerGroupHeads,
  Layout,
  TableShape,
} from "../allocator/mod.ts";
export type {
  ArrivalProcess,
  CacheSettings,
  Ceilings,
  FeedForward,
  LengthDistribution,
  ListedRequest,
  ModelGeometry,
  RequestSource,
  ReservePolicy,
  RotaryEmbedding,
  SchedulerSettings,
  SpeculativeSettings,
  TraceRequest,
  Workload,
} from "../fixtures/mod.ts";
export type { AttentionShape, StorageType } from "../kernel/mod.ts";
export { BenchError, type BenchErrorCode } from "./bench_error.ts";
export type * from "./bench_options.ts";
export { predictCapacity, type PredictionOptions } from "./capacity_prediction.ts";
export { type CompareOptions, compareResults } from "./compare_results.ts";
export { describeEnvironment } from "./environment.ts";
export { METRIC_FORMULAS } from "./formulas.ts";
export { CAPACITY_THRESHOLD, gateRead, READ_THRESHOLD } from "./gate.ts";
export { gateCapacity } from "./gate_capacity.ts";
export type * from "./gate_types.ts";
export {
  createGpuClock,
  type GpuClockOptions,
  type GpuStepBatch,
  type GpuStepRunner,
  type GpuVerification,
} from "./gpu_clock.ts";
export { interleaveSides, type Turn } from "./pair_order.ts";
export { describeRestOfLayer, type RestOfLayer } from "./rest_of_layer.ts";
export {
  parseResult,
  readResult,
  ResultError,
  type ResultErrorCode,
  serializeResult,
  writeResultAtomically,
} from "./result_file.ts";
export * from "./result_types.ts";
export { runBench } from "./run_bench.ts";
export { type RunnerSettings, runnerSettings } from "./runner_settings.ts";
export {
  GATE_SIDES,
  type GateName,
  type Side,
  type SideName,
  SIDES,
  sidesOfGates,
} from "./sides.ts";
export { summarize, summarizeWeighted } from "./statistics.ts";
export type * from "./step_clock.ts";
export { studentTCdf, studentTQuantile } from "./student_t.ts";
