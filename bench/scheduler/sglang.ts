/**
 * Decides as SGLang's scheduler does (python/sglang/srt/managers/schedule_policy.py, `PrefillAdder`,
 * and schedule_batch.py, `retract_decode`, read November 2026): whenever somebody can be taken in, a
 * step is a prefill of new requests and of the one prompt that is being chunked, and decodes wait for
 * it; with `mixChunks` (`enable_mixed_chunk`) they join. A waiting request needs room for its prompt
 * and for the tokens that it may generate, beside the expected share of what running requests have
 * left. When a decode step is short of pages, decodes with the fewest tokens generated, of these the
 * longest prompts, are retracted to the back of the queue until each of the others has room for 20
 * tokens.
 *
 * The queue is first come, first served, which is what SGLang does without a prefix cache and with
 * more than 128 requests waiting.
 */

import { allocatedColumns } from "../../allocator/mod.ts";
import { admitRequest } from "./admit.ts";
import type { LiveRequest } from "./live_request.ts";
import { canAdmitOnRanks } from "./ranks.ts";
import {
  decayRatio,
  draftTokensOf,
  growRequest,
  planRow,
  preempt,
  requireSlot,
  resetRequest,
  type Scheduler,
  type SchedulerPolicy,
  type StepPlan,
} from "./scheduler.ts";

/** Tokens for which each decode that stays has to have room after a retraction. */
const RETRACT_DECODE_STEPS = 20;

/** See the module. */
export const SGLANG_POLICY: SchedulerPolicy = {
  planRunning(scheduler, plan): void {
    if (scheduler.settings.mixChunks) {
      for (const { decoding } of scheduler.running) if (decoding) plan.budgetTokens--;
    }
    const chunked = scheduler.running.find(({ decoding }) => !decoding);
    if (chunked === undefined) return;
    const tokens = chunkOf(scheduler, chunked, plan.budgetTokens);
    if (tokens === 0 || !growRequest(scheduler, chunked, chunked.cached + tokens)) {
      scheduler.shortOfPages = true;
      plan.admitting = false;
      return;
    }
    planRow(scheduler, plan, chunked, tokens);
    plan.budgetTokens -= tokens;
    // Only one prompt at a time is cut.
    if (isCut(scheduler, chunked)) plan.admitting = false;
  },

  admit(scheduler, plan, request): boolean {
    const { prefillTokens } = request;
    const isIn = admitRequest(scheduler, plan, request, {
      tokens: () => chunkOf(scheduler, request, plan.budgetTokens),
      question: () => ({
        lengthTokens: scheduler.running.length === 0
          ? prefillTokens
          : prefillTokens + remainingTokens(scheduler, request),
        stepTokens: Math.min(prefillTokens, scheduler.settings.maxBatchedTokens),
        reservePages: expectedPages(scheduler),
      }),
    });
    if (isIn && isCut(scheduler, request)) plan.admitting = false;
    return isIn;
  },

  finishPlan(scheduler, plan): void {
    if (plan.tokens > 0 && !scheduler.settings.mixChunks) return;
    planDecodes(scheduler, plan);
  },

  /** The share that running requests have used of what they may generate, and 20 tokens each. */
  reserveAfterPreemption({ running }): number {
    let [generated, allowed] = [0, 1];
    for (const other of running) {
      generated += other.generated + RETRACT_DECODE_STEPS;
      allowed += other.outputTokens;
    }
    return Math.min(1, generated / allowed);
  },
};

/** Whether the row of this step leaves some of the prompt to be computed. */
function isCut({ rows }: Scheduler, request: LiveRequest): boolean {
  return request.cached + rows.queryLengths[requireSlot(request)] < request.prefillTokens;
}

/** Tokens of a prompt's next chunk, whole pages unless it ends the prompt. */
function chunkOf({ settings, ranks }: Scheduler, request: LiveRequest, budget: number): number {
  const remaining = request.prefillTokens - request.cached;
  if (remaining <= budget) return remaining;
  if (!settings.chunkedPrefill) return 0;
  const { pageSizeTokens } = ranks.measured.options;
  return Math.floor(budget / pageSizeTokens) * pageSizeTokens;
}

/** Tokens that a request may still generate, as far as they are counted. */
function remainingTokens({ settings: { reserve } }: Scheduler, request: LiveRequest): number {
  const left = request.outputTokens - request.generated;
  return reserve.kind === "ratio" ? Math.min(left, reserve.capTokens) : left;
}

/** Pages a head that running requests are expected to take, and that a chunked prompt lacks. */
function expectedPages(scheduler: Scheduler): number {
  const { measured } = scheduler.ranks;
  const { pageSizeTokens } = measured.options;
  let tokens = 0;
  let lacking = 0;
  for (const request of scheduler.running) {
    tokens += remainingTokens(scheduler, request) * scheduler.reserve;
    if (request.decoding) continue;
    const held = allocatedColumns(measured, requireSlot(request));
    lacking += Math.max(0, Math.ceil(request.prefillTokens / pageSizeTokens) - held);
  }
  return lacking + Math.ceil(tokens / pageSizeTokens);
}

function planDecodes(scheduler: Scheduler, plan: StepPlan): void {
  if (!hasRoom(scheduler, false)) retract(scheduler, plan);
  else decayRatio(scheduler);
  for (const request of [...scheduler.running]) {
    if (!request.decoding) continue;
    const tokens = 1 + draftTokensOf(scheduler, request);
    if (!growRequest(scheduler, request, request.cached + tokens)) {
      // Alone and still short: as if it were retracted.
      preempt(scheduler, request);
      plan.admitting = false;
    } else planRow(scheduler, plan, request, tokens);
  }
}

/** Whether the pools hold the next tokens of all decodes: of this step, or of 20. */
function hasRoom({ running, ranks, speculative }: Scheduler, ahead: boolean): boolean {
  const { pageSizeTokens } = ranks.measured.options;
  const rowTokens = 1 + (speculative?.draftTokens ?? 0);
  let pages = 0;
  let decodes = 0;
  for (const { decoding, cached } of running) {
    if (!decoding) continue;
    decodes++;
    pages += Math.ceil((cached + rowTokens) / pageSizeTokens) - Math.ceil(cached / pageSizeTokens);
  }
  if (ahead) pages = Math.ceil(decodes * RETRACT_DECODE_STEPS * rowTokens / pageSizeTokens);
  return pages === 0 || canAdmitOnRanks(ranks, { lengthTokens: 0, reservePages: pages });
}

/** Retracts decodes to the back of the queue, at least one, until the others have room. */
function retract(scheduler: Scheduler, plan: StepPlan): void {
  plan.admitting = false;
  const order = scheduler.running.filter(({ decoding }) => decoding).sort((a, b) =>
    a.generated - b.generated || b.inputTokens - a.inputTokens
  );
  for (const request of order.slice(0, -1)) {
    resetRequest(scheduler, request);
    scheduler.waiting.pushBack(request);
    if (hasRoom(scheduler, true)) return;
  }
}
