/** How prompts are cut into chunks. */

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
