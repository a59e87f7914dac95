/**
 * Which requests a benchmark replays: traces, overrides.
 *
 * @module
 */

export { parseOverrides, plainOverrides, workloadOverrides } from "./overrides.ts";
export { readTrace, readTraceFile } from "./trace.ts";
