/**
 * Results of other benchmarks: reading them and comparing two.
 *
 * @module
 */

export { type GateInput, parseGateInput, readGateInput } from "./file.ts";
export { type ForeignGateOptions, judgeForeignRuns, refuseRepeatedRuns } from "./gate.ts";
export * from "./types.ts";
