/**
 * Continuous batching over the allocator: the scheduler, pools of ranks, prefixes, the timeline and its metrics.
 *
 * @module
 */

export { measure } from "./metrics.ts";
export { createPrefixRanks } from "./prefix_ranks.ts";
export { createRanks, findMeasuredRank, type Ranks } from "./ranks.ts";
export { PAGE_SAMPLES, recordRun } from "./record_run.ts";
export { replay } from "./replay.ts";
export { admitWaiting, breakDeadlock, leave, planRunning } from "./scheduler.ts";
export { createReplayState, type LoggedCheck, type ReplayState } from "./state.ts";
export { batchOf, finishStep } from "./step_work.ts";
