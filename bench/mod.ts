/**
 * Replay of workloads through the allocator and a step clock, metrics, and gates with a verdict.
 *
 * {@linkcode runBench} replays every side that the wanted gates need; {@linkcode judgeForeignRuns}
 * judges results of other benchmarks, and {@linkcode runLive} measures a server.
 *
 * @example What head-wise tables are worth on the smoke fixture
 * ```ts
 * import { runBench } from "@headwise/headwise/bench";
 * import { loadWorkload, requireLoaded } from "@headwise/headwise/fixtures";
 * import assert from "node:assert/strict";
 *
 * const workload = requireLoaded(await loadWorkload("smoke"));
 * const { readGate } = await runBench({ workload, clock: { kind: "model", reason: null } });
 * assert.equal(readGate?.verdict, "PASS");
 * // The control reads as little with a uniform table: the gain is the read's, not the table's.
 * const gain = (metric?: { readonly ratio: number | null }) => Math.round(100 * (metric?.ratio ?? 1));
 * assert.equal(gain(readGate.comparisons[0]), gain(readGate.control[0]));
 * ```
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
export type {
  AdapterDescription,
  AttendTuning,
  AttentionShape,
  Gpu,
  GpuCeilings,
  StorageType,
} from "../kernel/mod.ts";
export { BenchError, type BenchErrorCode } from "./bench_error.ts";
export type * from "./bench_options.ts";
export { predictCapacity, type PredictionOptions } from "./capacity_prediction.ts";
export { type CompareOptions, compareResults } from "./compare_results.ts";
export { type ConcurrencyOptions, predictConcurrency } from "./concurrency_prediction.ts";
export { describeEnvironment } from "./environment.ts";
export { METRIC_FORMULAS } from "./formulas.ts";
export { type GateInput, parseGateInput, readGateInput } from "./foreign_file.ts";
export { type ForeignGateOptions, judgeForeignRuns } from "./foreign_gate.ts";
export type * from "./foreign_types.ts";
export { gateRead } from "./gate.ts";
export { gateCapacity } from "./gate_capacity.ts";
export { CAPACITY_THRESHOLD, READ_THRESHOLD } from "./gate_metrics.ts";
export type * from "./gate_types.ts";
export {
  createGpuClock,
  type GpuClockOptions,
  type GpuStepBatch,
  type GpuStepRunner,
  type GpuVerification,
} from "./gpu_clock.ts";
export { AVAILABILITY_READINGS, type AvailabilityReading } from "./intake.ts";
export type * from "./kernel_case.ts";
export { builtinKernelCases, parseKernelCases } from "./kernel_case_file.ts";
export { type KernelBenchOptions, runKernelBench } from "./kernel_bench.ts";
export { describeKernelFigures, type KernelFigureWords } from "./kernel_figure_words.ts";
export { describeGoal, goalUnit } from "./kernel_goal_words.ts";
export {
  parseKernelResult,
  serializeKernelResult,
  writeKernelResult,
} from "./kernel_result_file.ts";
export type { KernelMeasureOptions } from "./kernel_measure.ts";
export { runPeers, type RunPeersOptions } from "./kernel_peers.ts";
export type * from "./kernel_result_types.ts";
export { drawRoofline } from "./kernel_roofline.ts";
export { selectKernelCases } from "./kernel_select.ts";
export type { KernelCeilings } from "./kernel_figures.ts";
export { sizedKernelCases } from "./kernel_sized_cases.ts";
export {
  type TunedShape,
  type TunedVariant,
  tuneKernel,
  type TuneOptions,
  tuningKey,
} from "./kernel_tune.ts";
export { judgeLive } from "./live/live_gate.ts";
export { parseLiveResult, readLiveResult, serializeLiveResult } from "./live/live_result.ts";
export * from "./live/live_types.ts";
export { DEFAULT_LIVE_SETTINGS, runLive } from "./live/run_live.ts";
export {
  DEFAULT_SERVE_BOUNDS,
  isLoopback,
  requireLoopback,
  type RunningServer,
  type ServeBounds,
  type ServeOptions,
  startServer,
} from "./live/serve.ts";
export type { EngineStatus } from "./live/serve_engine.ts";
export {
  parseFaults,
  SERVE_FAULTS,
  type ServeFault,
  type ServeFaults,
} from "./live/serve_faults.ts";
export { parseObjectives, type ServiceObjectives } from "./live/slo.ts";
export { type LineFile, openLineFile, prepareOutput, writeTextAtomically } from "./output_file.ts";
export { interleaveSides, type Turn } from "./pair_order.ts";
export type * from "./recording_types.ts";
export { renderCsv, renderGapsCsv } from "./report/csv.ts";
export { describeRequests, meanOverRuns, type RunFigure } from "./report/figures.ts";
export { renderReportMarkdown } from "./report/markdown_report.ts";
export { renderReportPage } from "./report/page.ts";
export { renderPerfetto, type TraceEvent } from "./report/perfetto.ts";
export {
  kindOfReport,
  parseReportInput,
  type ReportInput,
  type ReportKind,
  reportSection,
} from "./report/report_input.ts";
export type { MarkdownColumn } from "./markdown.ts";
export type {
  LegendEntry,
  ReportBlock,
  ReportChart,
  ReportSection,
  ReportTable,
  ReportVerdict,
} from "./report/section.ts";
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
export { planLooks, type SequentialPlan } from "./sequential.ts";
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
export { createSweepHeader, mergeSweeps, parseSweep, serializeSweep } from "./sweep_file.ts";
export {
  listPoints,
  type NumberedPoint,
  type SweepAxes,
  type SweepPoint,
  type SweepShard,
} from "./sweep_grid.ts";
export { runSweep, type SweepClock, type SweepOptions } from "./sweep_run.ts";
export * from "./sweep_types.ts";
export { studentTCdf, studentTQuantile } from "./student_t.ts";
