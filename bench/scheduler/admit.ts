/** How a waiting request is taken in, whatever the engine asks before. */

import type { ReservedQuestion } from "../../allocator/mod.ts";
import type { LiveRequest } from "./live_request.ts";
import { matchPrefix } from "./prefix.ts";
import { admitOnRanks, canAdmitOnRanks } from "./ranks.ts";
import { enterBatch, freeSlot, type Scheduler, type StepPlan } from "./scheduler.ts";

/** What an engine wants to know before it takes a request in whose prefix has been looked up. */
export interface AdmissionRule {
  /** Tokens of its first row; 0 where it has to wait. */
  readonly tokens: () => number;
  /** What the pools have to hold beside its prefix; null where it has to wait though they may. */
  readonly question: (tokens: number) => ReservedQuestion | null;
  /** Whether the first row's pages are all that has to fit. @default {false} */
  readonly always?: boolean;
}

/**
 * Takes a request in with the prefix that is cached of it and gives it a row.
 *
 * @returns False, and nothing changed, if it has to wait.
 */
export function admitRequest(
  scheduler: Scheduler,
  plan: StepPlan,
  request: LiveRequest,
  rule: AdmissionRule,
): boolean {
  const matches = matchPrefix(scheduler.ranks, request);
  request.cached = matches[0]?.hitTokens ?? 0;
  const tokens = rule.tokens();
  const question = tokens === 0 ? null : rule.question(tokens);
  if (question !== null) {
    const { ranks } = scheduler;
    const slot = freeSlot(scheduler);
    const isRoom = rule.always === true || canAdmitOnRanks(ranks, question, matches);
    scheduler.shortOfPages = !isRoom ||
      admitOnRanks(ranks, slot, request.cached + tokens, matches).kind !== "allocated";
    if (!scheduler.shortOfPages) {
      request.prefixMatched = matches[0]?.matchedBlocks ?? 0;
      enterBatch(scheduler, plan, { request, slot, tokens });
      return true;
    }
  }
  request.cached = 0;
  return false;
}
