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

export {
  type Card,
  type CardCeilings,
  type CardProfile,
  type CostFactors,
  type CostModel,
  type CostRows,
  createStepCost,
  type DataSheet,
  type FeedForwardShape,
  findDataSheet,
  NO_FACTORS,
  openCard,
  parseCardProfile,
  type Placement,
  type ProductType,
  PROFILE_SCRIPTS,
  type ServedLayer,
  type ServedModel,
  SHIPPED_PROFILES,
  type StepCost,
} from "./card/mod.ts";
export {
  type AdapterRunner,
  type BatchFile,
  type BatchRows,
  type CallSize,
  type MeasuredCeilings,
  openAdapterRunner,
  parseTimeTable,
  type ProtocolCost,
  type RowContext,
  type RowJudge,
  type RunnerOptions,
  type SampledRow,
  servedModelOf,
  type TimedCall,
  type TimedCalls,
  type TimeTable,
} from "./clock/mod.ts";
export * from "./foreign/mod.ts";
export {
  type CompareOptions,
  compareResults,
  gateCapacity,
  gateRead,
  judgeRegression,
  predictCapacity,
  type PredictionOptions,
  type RegressionOptions,
} from "./gate/mod.ts";
export * from "./kernel/mod.ts";
export * from "./live/mod.ts";
export * from "./report/mod.ts";
export {
  type AvailabilityReading,
  type BenchEnvironment,
  BenchError,
  type BenchErrorCode,
  type BenchResult,
  type CapacityGateReport,
  type CapacityOutcome,
  claimOf,
  type ClockCalibration,
  type Comparison,
  describeEnvironment,
  type GateName,
  type GateReport,
  isJsonOf,
  type KernelForm,
  type LineFile,
  openLineFile,
  type OUTPUT_KINDS,
  type OutputClaim,
  OutputExists,
  type OutputKind,
  type OutputSize,
  parseResult,
  prepareOutput,
  readResult,
  readResultText,
  type RegressionReport,
  requireReplaceable,
  ResultError,
  type ResultErrorCode,
  type RunPerformance,
  type RunResult,
  serializeResult,
  type Side,
  type SideName,
  type SidePair,
  type SideResult,
  SIDES,
  type Summary,
  type Verdict,
  writeResultAtomically,
  writeTextAtomically,
} from "./result/mod.ts";
export * from "./run/mod.ts";
export { interleaveSides, meanOverRuns, type RunFigure, type Turn } from "./statistics/mod.ts";
export * from "./sweep/mod.ts";
export * from "./validation/mod.ts";
