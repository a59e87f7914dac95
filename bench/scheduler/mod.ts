/**
 * Continuous batching over the allocator, without a clock: the queue, the batch, admission,
 * preemption and growth, as one engine or another decides them. A replay and a live server drive it
 * alike.
 *
 * @module
 */

export { finishStep } from "./finish_step.ts";
export { createLiveRequest, type LiveRequest } from "./live_request.ts";
export { POLICIES } from "./policies.ts";
export { describePrefixUse, emptyPrefixCaches } from "./prefix.ts";
export { createSideRanks, findMeasuredRank, type Ranks, type SideRanksOptions } from "./ranks.ts";

export {
  admitWaiting,
  cancelRequest,
  createScheduler,
  finishPlan,
  isMemoryBound,
  leaveBatch,
  planStep,
  releaseLeaving,
  resolveEmptyStep,
  type Scheduler,
  type StepPlan,
} from "./scheduler.ts";
