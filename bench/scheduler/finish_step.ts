/** The end of a step: its tokens reach their requests, and its pages go. */

import { insertPrefixOnRanks } from "./prefix.ts";
import { checkRanksAgree, recycleOnRanks } from "./ranks.ts";
import { drawAccepted, type LiveRequest } from "./live_request.ts";
import { releaseLeaving, requireSlot, retireRequest, type Scheduler } from "./scheduler.ts";

/**
 * Gives the step's tokens to its requests and lets go of the pages of those that have ended, and of
 * dead ones: the step has completed, so that they are free at once. `onTokens` is reported the tokens
 * that a request got, before it leaves if they were its last; then `generated` equals
 * `outputTokens`.
 */
export function finishStep(
  scheduler: Scheduler,
  onTokens: (request: LiveRequest, tokens: number) => void,
): void {
  const { running, ranks, rows } = scheduler;
  releaseLeaving(scheduler);
  const { recycle, pageSizeTokens } = ranks.measured.options;
  for (let index = 0; index < running.length; index++) {
    const request = running[index];
    const slot = requireSlot(request);
    const tokens = rows.queryLengths[slot];
    if (tokens === 0) continue;
    const emitted = advance(scheduler, request, tokens);
    request.generated += emitted;
    if (emitted > 0) onTokens(request, emitted);
    if (request.generated === request.outputTokens) {
      retireRequest(scheduler, request);
      index--;
    } else if (recycle && request.cached % pageSizeTokens === 0) {
      // Elsewhere recycling does nothing.
      recycleOnRanks(ranks, slot, request.cached);
    }
  }
  checkRanksAgree(ranks);
}

/** Moves a request on by the tokens of its row; returns the tokens that it emitted. */
function advance(scheduler: Scheduler, request: LiveRequest, tokens: number): number {
  if (request.decoding) {
    const { speculative, seed } = scheduler;
    const accepted = speculative === null || tokens === 1
      ? 0
      : drawAccepted(request, { ...speculative, seed, draftTokens: tokens - 1 });
    request.cached += 1 + accepted;
    return 1 + accepted;
  }
  request.cached += tokens;
  insertPrefixOnRanks(scheduler.ranks, request);
  if (request.cached < request.prefillTokens) return 0;
  request.decoding = true;
  return 1;
}
