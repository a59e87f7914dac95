/**
 * What a run leaves behind: its types, schema and file, the sides of a comparison, and writing files safely.
 *
 * @module
 */

export { FORM_MEANINGS } from "./kernel_forms.ts";
export { AVAILABILITY_READINGS, type AvailabilityReading } from "./availability.ts";
export * from "./bench_error.ts";
export { parseDocument, parseUnversioned, readResultText } from "./document.ts";
export { describeEnvironment } from "./environment.ts";
export * from "./file.ts";
export { placeOfFault } from "./json_place.ts";
export { METRIC_FORMULAS } from "./formulas.ts";
export type {
  CapacityGateReport,
  CapacityOutcome,
  CapacityPrediction,
  Comparison,
  ConcurrencyPrediction,
  GateReport,
  RatioInterval,
  RegressionReport,
  Verdict,
} from "./gate_schema.ts";
export * from "./output_claim.ts";
export { claimOf, type OUTPUT_KINDS, type OutputKind } from "./output_kinds.ts";
export { type LineFile, openLineFile, prepareOutput, writeTextAtomically } from "./output_file.ts";
export type { PageHistory, PageRow, RequestList, StepTimeline, TokenGaps } from "./recording.ts";
export { comparison, gate, regressionGate, verdict } from "./gate_schema.ts";
export { type BenchEnvironment, count, environment, type Summary, summary } from "./parts.ts";
export { isSameStored, refuseResume, requireSameRun, type ResumedPart } from "./resume.ts";
export { contentText, findRepeated, type GivenSample, refuseRepeated } from "./same_content.ts";
export {
  type GateName,
  type KernelForm,
  READ_PAIR,
  type Side,
  SIDE_NAMES,
  SIDE_OF_FORM,
  type SideName,
  type SidePair,
  SIDES,
  sidesOfGates,
} from "./sides.ts";
export {
  type BenchResult,
  type RequestsIdentity,
  requestsIdentity,
  type ResolvedWorkloadSettings,
  type RestOfLayerStatement,
  RESULT_SCHEMA_VERSION,
  type ResultOptions,
} from "./result_schema.ts";
export type {
  FailedRequest,
  PeakPages,
  PrefixUse,
  RequestSamples,
  RunPerformance,
  RunResult,
  SideResult,
} from "./run_schema.ts";
export type {
  ClockCalibration,
  ClockDescription,
  ClockTable,
  ResultCeilings,
} from "./clock_schema.ts";
