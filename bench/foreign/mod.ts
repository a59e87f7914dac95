/**
 * Results of other benchmarks: reading them and comparing two.
 *
 * @module
 */

export { type GateInput, parseForeignGate, parseGateInput, readGateInput } from "./file.ts";
export { type ForeignGateOptions, judgeForeignRuns, refuseRepeatedRuns } from "./gate.ts";
export type {
  ForeignGateReport,
  ForeignRequests,
  ForeignRun,
  ForeignStatistics,
  ForeignTool,
} from "./types.ts";
