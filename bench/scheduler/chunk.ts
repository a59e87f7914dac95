/** How prompts are cut into chunks. */

import { countWindowHeads } from "../../allocator/mod.ts";
import type { LiveRequest } from "./live_request.ts";
import type { Scheduler } from "./scheduler.ts";

/**
 * Tokens of a request's next chunk. A chunk that does not end its prefill ends on a page boundary
 * where the budget reaches one, so that recycling, which acts on boundaries, can follow.
 */
export function chunkTokens(
  { settings, ranks }: Pick<Scheduler, "settings" | "ranks">,
  { cached, prefillTokens }: LiveRequest,
  budgetTokens: number,
): number {
  const remaining = prefillTokens - cached;
  if (remaining <= budgetTokens) return remaining;
  if (!settings.chunkedPrefill) return 0;
  const { pageSizeTokens } = ranks.measured.options;
  const aligned = Math.floor((cached + budgetTokens) / pageSizeTokens) * pageSizeTokens;
  return aligned > cached ? aligned - cached : budgetTokens;
}

/**
 * Tokens of a request's next chunk as engines cut them: what the budget allows. Where window heads
 * recycle it ends on a page boundary as above, or they would keep every page until it ends.
 */
export function engineChunkTokens(
  scheduler: Pick<Scheduler, "settings" | "ranks">,
  request: LiveRequest,
  budgetTokens: number,
): number {
  const { heads } = scheduler.ranks.measured.options;
  // All sides of a comparison cut alike, also those that do not recycle.
  if (countWindowHeads(heads) > 0) return chunkTokens(scheduler, request, budgetTokens);
  const remaining = request.prefillTokens - request.cached;
  if (remaining <= budgetTokens) return remaining;
  return scheduler.settings.chunkedPrefill ? budgetTokens : 0;
}
