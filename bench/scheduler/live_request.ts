/** A request while a scheduler knows it: from its arrival to its last token. */

import { createRandom, type Random, type Slot } from "../../allocator/mod.ts";
import type { TraceRequest } from "../../fixtures/mod.ts";

/** Position of a request in the order of arrival, from 0. */
export type RequestIndex = number & { readonly idSpace: "RequestIndex" };

/** What changes of a request while it waits and runs. */
export interface LiveRequest {
  /** Position in the order of arrival. */
  readonly index: RequestIndex;
  /** The request as it came. */
  readonly source: TraceRequest;
  /** Prompt tokens. */
  readonly inputTokens: number;
  /** Tokens to generate. */
  readonly outputTokens: number;
  /** Tokens generated so far. */
  generated: number;
  /** Tokens in the cache. */
  cached: number;
  /** Tokens to prefill: the prompt, after a preemption with what was generated. */
  prefillTokens: number;
  /** Whether it runs and has done its prefill. */
  decoding: boolean;
  /** Its slot, null while it waits. */
  slot: Slot | null;
  /** Step of its first admission, −1 before it. */
  firstStep: number;
  /** Times that it lost its pages. */
  preemptions: number;
  /** Blocks of the prompt that the prefix cache knew at its last admission. */
  prefixMatched: number;
  /** Draws of speculative acceptance, null before the first. */
  random: Random | null;
}

/** A request that has just arrived. */
export function createLiveRequest(index: number, source: TraceRequest): LiveRequest {
  return {
    index: index as RequestIndex,
    source,
    inputTokens: source.inputTokens,
    outputTokens: source.outputTokens,
    generated: 0,
    cached: 0,
    prefillTokens: source.inputTokens,
    decoding: false,
    slot: null,
    firstStep: -1,
    preemptions: 0,
    prefixMatched: 0,
    random: null,
  };
}

/**
 * Draws how many draft tokens are accepted: they are tried in order and the first refusal ends the
 * row. Each request has a stream of its own, so that the draws do not depend on the schedule.
 */
export function drawAccepted(
  request: LiveRequest,
  o: { readonly seed: number; readonly draftTokens: number; readonly acceptRate: number },
): number {
  request.random ??= createRandom((o.seed ^ Math.imul(request.index + 1, 0x9e3779b1)) >>> 0);
  let accepted = 0;
  while (accepted < o.draftTokens && request.random.nextFloat() < o.acceptRate) accepted++;
  return accepted;
}
