/** Requests that no schedule can serve. */

import { canEverAdmit, pagesForLength } from "../../allocator/mod.ts";
import type { SchedulerSettings } from "../../fixtures/mod.ts";
import type { LiveRequest } from "./live_request.ts";
import type { Ranks } from "./ranks.ts";

/** Why a request can never be served, or null. */
export function findFault(
  { settings, ranks }: { readonly settings: SchedulerSettings; readonly ranks: Ranks },
  request: LiveRequest,
): string | null {
  const { inputTokens, outputTokens, prefillTokens } = request;
  const { modelLengthTokens, chunkedPrefill, maxBatchedTokens } = settings;
  if (inputTokens < 1 || outputTokens < 1) {
    return `it has ${inputTokens} input and ${outputTokens} output tokens; both must be at least 1`;
  }
  if (inputTokens + outputTokens > modelLengthTokens) {
    return `it needs ${inputTokens} + ${outputTokens} tokens and the model's length is ` +
      `${modelLengthTokens}`;
  }
  if (!chunkedPrefill && prefillTokens > maxBatchedTokens) {
    return `its ${prefillTokens} tokens exceed the step's budget of ${maxBatchedTokens} and chunked ` +
      `prefill is off`;
  }
  // The last token is never read back, so it needs no place in the cache.
  const lengthTokens = inputTokens + outputTokens - 1;
  const question = { lengthTokens, stepTokens: Math.min(lengthTokens, maxBatchedTokens) };
  if (canEverAdmit(ranks.measured, question)) return null;
  const { fullHeadPages, windowHeadPages } = pagesForLength(ranks.measured, question);
  return `it needs ${fullHeadPages} pages of each full head and ${windowHeadPages} of each window ` +
    `head, more than the pools of ${ranks.measured.options.pagesPerHead} pages a head hold`;
}
