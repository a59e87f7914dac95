/**
 * Replay: a scheduler under a clock, the timeline of its steps, and the metrics.
 *
 * @module
 */

export type { RequestSequence } from "./request_sequence.ts";
export type { LoggedCheck, ReplayLog } from "./log.ts";
export { describePools, measure, measureParts, type PoolUse, type ReplayPart } from "./metrics.ts";
export { PAGE_SAMPLES, recordRun } from "./record_run.ts";
export { refuseDisorder, refuseTurn } from "./refusals.ts";
export { replay } from "./replay.ts";
export { routeRequests } from "./router.ts";
