/**
 * Decides as vLLM v1's `Scheduler.schedule` does (vllm/v1/core/sched/scheduler.py, read November
 * 2026): requests run in one order, decodes and prefills alike, each with as many tokens as it lacks
 * and the budget allows; when pages are short the last running request gives way, whatever it is
 * doing, and no one is admitted in that step. A waiting request needs room for its first chunk;
 * with `admission: prompt` (`scheduler_reserve_full_isl`) for all of its tokens.
 *
 * Chunks end on page boundaries where window heads recycle, since recycling acts on boundaries here;
 * vLLM cuts them anywhere.
 */

import { pageStatistics } from "../../allocator/mod.ts";
import { admitRequest } from "./admit.ts";
import { engineChunkTokens } from "./chunk.ts";
import type { LiveRequest } from "./live_request.ts";
import {
  draftTokensOf,
  growOrPreempt,
  planRow,
  type Scheduler,
  type SchedulerPolicy,
  type StepPlan,
} from "./scheduler.ts";

/** See the module. */
export const VLLM_V1_POLICY: SchedulerPolicy = {
  planRunning(scheduler, plan): void {
    const { running } = scheduler;
    for (let index = 0; index < running.length && plan.budgetTokens > 0; index++) {
      const request = running[index];
      const tokens = newTokens(scheduler, plan, request);
      if (tokens === 0) continue;
      const lengthTokens = request.cached + tokens;
      if (!growOrPreempt(scheduler, plan, { request, lengthTokens })) break;
      planRow(scheduler, plan, request, tokens);
      plan.budgetTokens -= tokens;
    }
  },

  admit: (scheduler, plan, request): boolean =>
    admitRequest(scheduler, plan, request, {
      tokens: () => newTokens(scheduler, plan, request),
      question: (tokens) => ({
        lengthTokens: scheduler.settings.admission === "prompt"
          ? request.prefillTokens
          : request.cached + tokens,
        stepTokens: scheduler.settings.maxBatchedTokens,
        reservePages: watermarkPages(scheduler),
      }),
    }),
};

/** Tokens of a request's next row: what it lacks, within the threshold and the budget. */
function newTokens(scheduler: Scheduler, plan: StepPlan, request: LiveRequest): number {
  if (request.decoding) {
    return Math.min(1 + draftTokensOf(scheduler, request), plan.budgetTokens);
  }
  const { longPrefillTokens } = scheduler.settings;
  const budget = longPrefillTokens === 0
    ? plan.budgetTokens
    : Math.min(longPrefillTokens, plan.budgetTokens);
  return engineChunkTokens(scheduler, request, budget);
}

/** Pages a head that admission leaves free while others run. */
function watermarkPages({ ranks, settings, running }: Scheduler): number {
  if (settings.watermarkRatio === 0 || running.length === 0) return 0;
  const { heads, layout } = ranks.measured.options;
  const rows = layout === "uniform" ? 1 : heads.groups.length * heads.kvHeads;
  const { capacityPages } = pageStatistics(ranks.measured);
  return Math.floor(settings.watermarkRatio * capacityPages / rows);
}
