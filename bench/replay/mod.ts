/**
 * Replay: a scheduler under a clock, the timeline of its steps, and the metrics.
 *
 * @module
 */

export { refuseDisorder, type RequestSequence } from "./arrivals.ts";
export type { LoggedCheck, ReplayLog, ReplayOptions, ReplayProgress } from "./log.ts";
export { groupTokenGaps, joinParts, measure, type ReplicaPart } from "./metrics.ts";
export { PAGE_SAMPLES } from "./page_history.ts";
export { type MeasuredPart, measurePart } from "./part.ts";
export { replay } from "./replay.ts";
export { routeRequests } from "./router.ts";
export { recordSteps } from "./step_entries.ts";
