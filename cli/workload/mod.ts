/**
 * Which requests a benchmark replays: traces, overrides, stated runs.
 *
 * @module
 */

export { parseOverrides, plainOverrides, workloadOverrides } from "./overrides.ts";
export { createStatedJudge } from "./stated_runs.ts";
export { readTrace, readTraceFile } from "./trace.ts";
