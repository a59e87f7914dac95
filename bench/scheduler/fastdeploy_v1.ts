/**
 * Decides as FastDeploy's `ResourceManagerV1.schedule` does
 * (fastdeploy/engine/sched/resource_manager_v1.py, read November 2026): the budget of decode rows is
 * kept back first; running requests are served in the order of their admission, a decode that has
 * few places left getting a fixed number of pages ahead; when pages are short the last running
 * request gives way, whatever it is doing. A waiting request needs room for its first chunk and for
 * reserved pages of every running request; the reserve shrinks by the step until it is 0 and starts
 * again with a preemption.
 *
 * Chunks end on page boundaries where window heads recycle, since recycling acts on boundaries.
 */

import { allocatedColumns } from "../../allocator/mod.ts";
import { admitRequest } from "./admit.ts";
import { engineChunkTokens } from "./chunk.ts";
import type { LiveRequest } from "./live_request.ts";
import {
  draftTokensOf,
  growOrPreempt,
  planRow,
  requireSlot,
  type Scheduler,
  type SchedulerPolicy,
} from "./scheduler.ts";

/** Places left at which a decoding request gets pages (`prealloc_dec_block_slot_num_threshold`). */
const PLACES_LEFT = 12;

/** See the module. */
export const FASTDEPLOY_V1_POLICY: SchedulerPolicy = {
  planRunning(scheduler, plan): void {
    const { running, settings, speculative } = scheduler;
    const rowTokens = 1 + (speculative?.draftTokens ?? 0);
    let decoding = 0;
    for (const request of running) if (request.decoding) decoding++;
    plan.budgetTokens = Math.max(0, settings.maxBatchedTokens - decoding * rowTokens);
    for (let index = 0; index < running.length; index++) {
      const request = running[index];
      const tokens = request.decoding
        ? 1 + draftTokensOf(scheduler, request)
        : engineChunkTokens(scheduler, request, plan.budgetTokens);
      if (tokens === 0) continue;
      const lengthTokens = lengthToHold(scheduler, request, tokens);
      if (!growOrPreempt(scheduler, plan, { request, lengthTokens })) break;
      planRow(scheduler, plan, request, tokens);
      if (!request.decoding) plan.budgetTokens -= tokens;
    }
  },

  admit: (scheduler, plan, request): boolean =>
    admitRequest(scheduler, plan, request, {
      tokens: () => engineChunkTokens(scheduler, request, plan.budgetTokens),
      question: (tokens) => ({
        lengthTokens: request.cached + tokens,
        stepTokens: scheduler.settings.maxBatchedTokens,
        reservePages: scheduler.running.length * Math.floor(scheduler.reserve),
      }),
    }),

  finishPlan(scheduler, plan): void {
    const { reserve } = scheduler.settings;
    if (reserve.kind !== "pages" || plan.tokens === 0) return;
    scheduler.reserve = Math.max(reserve.floorPages, scheduler.reserve - reserve.decayPerStep);
  },
};

/** Tokens that a request's pages are to hold: a decode's are taken ahead while few places are left. */
function lengthToHold(
  { ranks, settings }: Scheduler,
  request: LiveRequest,
  tokens: number,
): number {
  const lengthTokens = request.cached + tokens;
  if (!request.decoding) return lengthTokens;
  const { pageSizeTokens } = ranks.measured.options;
  const columns = allocatedColumns(ranks.measured, requireSlot(request));
  if (columns * pageSizeTokens - lengthTokens > PLACES_LEFT) return lengthTokens;
  const ahead = (columns + settings.preallocatedPages) * pageSizeTokens;
  return Math.max(lengthTokens, Math.min(ahead, settings.modelLengthTokens));
}
