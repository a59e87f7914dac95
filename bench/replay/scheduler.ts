/**
 * Continuous batching, one step at a time: decode rows first, then chunks of running prefills in
 * the order of their admission, then new requests from the front of the queue, none skipped.
 */

import {
  allocatedColumns,
  canEverAdmit,
  countWindowHeads,
  describeOutcome,
  heldPages,
  pagesForLength,
  type PrefixMatch,
  type Slot,
} from "../../allocator/mod.ts";
import { isWithinIntake } from "./admission.ts";
import { matchPrefix, notePrefix } from "./prefix.ts";
import { admitOnRanks, canAdmitOnRanks, extendOnRanks, releaseOnRanks } from "./ranks.ts";
import { draftTokensOf, failRequest, type ReplayState } from "./state.ts";

/** A step being planned. */
export interface StepPlan {
  /** Tokens that are left of the budget. */
  budgetTokens: number;
  /** New tokens planned. */
  tokens: number;
  /** Requests admitted in this step. */
  admitted: number;
  /** Whether waiting requests may still be admitted in this step. */
  admitting: boolean;
}

/** Empties the step and plans decode rows and chunks of running requests. */
export function planRunning(state: ReplayState): StepPlan {
  state.queryLengths.fill(0);
  const rowTokens = 1 + (state.speculative?.draftTokens ?? 0);
  const plan: StepPlan = {
    budgetTokens: state.scheduler.maxBatchedTokens,
    tokens: 0,
    admitted: 0,
    admitting: true,
  };
  let decoding = 0;
  for (const request of state.running) decoding += state.decoding[request];
  const preempted = planDecodeRows(state, plan);
  // The whole row is reserved, also where the end of a request leaves fewer draft tokens to try.
  plan.budgetTokens = Math.max(0, state.scheduler.maxBatchedTokens - decoding * rowTokens);
  const blocked = !planChunks(state, plan);
  plan.admitting = !preempted && !blocked;
  decayReserve(state);
  return plan;
}

/** Plans decode rows; returns whether a request was preempted. */
function planDecodeRows(state: ReplayState, plan: StepPlan): boolean {
  let preempted = false;
  for (let index = 0; index < state.running.length; index++) {
    const request = state.running[index];
    if (state.decoding[request] === 0) continue;
    const draftTokens = draftTokensOf(state, request);
    if (plan.budgetTokens < 1 + draftTokens) break;
    const lengthTokens = state.cached[request] + 1 + draftTokens;
    const slot = state.slots[request] as Slot;
    const growth = { lengthTokens, preallocate: true };
    while (extendOnRanks(state.ranks, slot, growth).kind !== "allocated") {
      // The row itself may still fit where the pages taken ahead do not.
      const bare = extendOnRanks(state.ranks, slot, { lengthTokens, preallocate: false });
      if (bare.kind === "allocated") break;
      const victim = state.running.findLast((other) => state.decoding[other] === 1)!;
      preempt(state, victim);
      preempted = true;
      if (victim === request) break;
    }
    if (state.slots[request] < 0) {
      index--;
      continue;
    }
    planRow(state, plan, request, 1 + draftTokens);
  }
  return preempted;
}

/** Plans chunks of running prefills; returns false when one is blocked. */
function planChunks(state: ReplayState, plan: StepPlan): boolean {
  for (const request of state.running) {
    if (state.decoding[request] === 1) continue;
    const tokens = chunkTokens(state, request, plan.budgetTokens);
    if (tokens === 0) return false;
    const slot = state.slots[request] as Slot;
    const lengthTokens = state.cached[request] + tokens;
    const outcome = extendOnRanks(state.ranks, slot, { lengthTokens, preallocate: false });
    if (outcome.kind !== "allocated") {
      state.shortOfPages = true;
      return false;
    }
    planRow(state, plan, request, tokens);
    plan.budgetTokens -= tokens;
  }
  return true;
}

/**
 * Tokens of a request's next chunk. A chunk that does not end its prefill ends on a page boundary
 * where the budget reaches one, so that recycling, which acts on boundaries, can follow.
 */
export function chunkTokens(state: ReplayState, request: number, budgetTokens: number): number {
  const cached = state.cached[request];
  const remaining = state.prefillTokens[request] - cached;
  if (remaining <= budgetTokens) return remaining;
  if (!state.scheduler.chunkedPrefill) return 0;
  const { pageSizeTokens } = state.ranks.measured.options;
  const aligned = Math.floor((cached + budgetTokens) / pageSizeTokens) * pageSizeTokens;
  return aligned > cached ? aligned - cached : budgetTokens;
}

function planRow(state: ReplayState, plan: StepPlan, request: number, tokens: number): void {
  const slot = state.slots[request];
  state.queryLengths[slot] = tokens;
  state.cachedLengths[slot] = state.cached[request];
  plan.tokens += tokens;
  if (state.decoding[request] === 1) plan.budgetTokens -= tokens;
}

/** What admission came to: `needs-time` when it depends on arrivals up to now. */
export type AdmissionOutcome = "done" | "needs-time";

/** Admits waiting requests from the front until one does not fit, or the time has to be known. */
export function admitWaiting(state: ReplayState, plan: StepPlan): AdmissionOutcome {
  const { maxSequences } = state.scheduler;
  if (state.running.length >= maxSequences) state.shortOfPages = false;
  while (plan.admitting && plan.budgetTokens > 0 && state.running.length < maxSequences) {
    const fromPreempted = state.preempted.length > 0;
    if (!fromPreempted && state.nextWaiting === state.nextArrival) {
      state.shortOfPages = false;
      return state.nextArrival < state.requests.length ? "needs-time" : "done";
    }
    const request = fromPreempted ? state.preempted.at(-1)! : state.nextWaiting;
    const dequeue = (): void => {
      if (fromPreempted) state.preempted.pop();
      else state.nextWaiting++;
    };
    const fault = findFault(state, request);
    if (fault !== null) {
      dequeue();
      failRequest(state, request, fault);
      continue;
    }
    if (!admitOne(state, plan, request)) return "done";
    dequeue();
  }
  return "done";
}

function admitOne(state: ReplayState, plan: StepPlan, request: number): boolean {
  const matches = matchPrefix(state, request);
  state.cached[request] = matches[0]?.hitTokens ?? 0;
  const admitted = admitMatched(state, plan, { request, matches });
  if (admitted) notePrefix(state, request, matches);
  else state.cached[request] = 0;
  return admitted;
}

function admitMatched(
  state: ReplayState,
  plan: StepPlan,
  o: { readonly request: number; readonly matches: readonly PrefixMatch[] },
): boolean {
  const { request, matches } = o;
  const tokens = chunkTokens(state, request, plan.budgetTokens);
  if (tokens === 0) return false;
  const question = {
    lengthTokens: state.prefillTokens[request],
    stepTokens: stepTokensOf(state, state.prefillTokens[request]),
    reservePages: reservedPages(state),
  };
  const { totalPages } = pagesForLength(state.ranks.measured, question);
  if (!isWithinIntake(state, { admitted: plan.admitted, pages: totalPages })) return false;
  const slot = state.slotRequests.indexOf(-1) as Slot;
  // What is cached gives way to a request that nobody runs beside, and then it fits.
  const alone = state.ranks.prefix !== undefined && state.running.length === 0;
  state.shortOfPages = !(alone || canAdmitOnRanks(state.ranks, question, matches)) ||
    admitOnRanks(state.ranks, slot, state.cached[request] + tokens, matches).kind !== "allocated";
  if (state.shortOfPages) return false;
  plan.admitted++;
  state.slots[request] = slot;
  state.slotRequests[slot] = request;
  state.running.push(request);
  if (state.firstSteps[request] < 0) state.firstSteps[request] = state.timeline.planned;
  planRow(state, plan, request, tokens);
  plan.budgetTokens -= tokens;
  return true;
}

/** Why a request can never be served, or null. */
function findFault(state: ReplayState, request: number): string | null {
  const [input, output] = [state.inputTokens[request], state.outputTokens[request]];
  const { modelLengthTokens, chunkedPrefill, maxBatchedTokens } = state.scheduler;
  if (input < 1 || output < 1) {
    return `it has ${input} input and ${output} output tokens; both must be at least 1`;
  }
  if (input + output > modelLengthTokens) {
    return `it needs ${input} + ${output} tokens and the model's length is ${modelLengthTokens}`;
  }
  const prefillTokens = state.prefillTokens[request];
  if (!chunkedPrefill && prefillTokens > maxBatchedTokens) {
    return `its ${prefillTokens} tokens exceed the step's budget of ${maxBatchedTokens} and chunked ` +
      `prefill is off`;
  }
  // The last token is never read back, so it needs no place in the cache.
  const question = {
    lengthTokens: input + output - 1,
    stepTokens: stepTokensOf(state, input + output - 1),
  };
  if (canEverAdmit(state.ranks.measured, question)) return null;
  const { fullHeadPages, windowHeadPages } = pagesForLength(state.ranks.measured, question);
  return `it needs ${fullHeadPages} pages of each full head and ${windowHeadPages} of each window ` +
    `head, more than the pools of ${state.ranks.measured.options.pagesPerHead} pages a head hold`;
}

/** Most tokens that one step writes for a request of this length. */
function stepTokensOf(state: ReplayState, lengthTokens: number): number {
  return Math.min(lengthTokens, state.scheduler.maxBatchedTokens);
}

/** Pages a head that admission leaves free: what running prefills still lack, and the reserve. */
function reservedPages(state: ReplayState): number {
  const { measured } = state.ranks;
  const { layout, pageSizeTokens, recycle, heads } = measured.options;
  const { reserve } = state.scheduler;
  const rows = heads.groups.length * heads.kvHeads;
  // Decoding window heads free a page for each one that they take, so one pool need not keep any
  // for them; a pool for each head is as short as that of its full heads.
  const growing = recycle && layout === "pooled" ? 1 - countWindowHeads(heads) / rows : 1;
  let pages = 0;
  for (const request of state.running) {
    const slot = state.slots[request] as Slot;
    if (state.decoding[request] === 0) {
      const lengthTokens = state.prefillTokens[request];
      const demand = pagesForLength(measured, {
        lengthTokens,
        stepTokens: stepTokensOf(state, lengthTokens),
      });
      const lacking = layout === "pooled"
        ? (demand.totalPages - heldPages(measured, slot)) / rows
        : demand.fullHeadPages - allocatedColumns(measured, slot);
      pages += Math.max(0, lacking);
    }
    if (reserve.kind === "ratio") {
      const left = state.outputTokens[request] - state.generated[request];
      const expected = Math.min(left, reserve.capTokens) * state.reserveRatio;
      pages += Math.ceil(expected / pageSizeTokens) * growing;
    }
  }
  return pages;
}

function decayReserve(state: ReplayState): void {
  const { reserve } = state.scheduler;
  if (reserve.kind !== "ratio") return;
  state.reserveRatio = Math.max(reserve.floorRatio, state.reserveRatio - reserve.decayPerStep);
}

/** Takes all pages of a request and puts it at the front of the queue, to prefill once more. */
export function preempt(state: ReplayState, request: number): void {
  leave(state, request);
  state.preempted.push(request);
  state.shortOfPages = true;
  state.preemptions[request]++;
  state.cached[request] = 0;
  state.decoding[request] = 0;
  state.prefillTokens[request] = state.inputTokens[request] + state.generated[request];
  const { reserve } = state.scheduler;
  if (reserve.kind !== "ratio") return;
  // The share that running requests have used of what they may generate is what was foreseeable.
  let [generated, allowed] = [0, 0];
  for (const other of state.running) {
    generated += state.generated[other];
    allowed += state.outputTokens[other];
  }
  const seen = allowed === 0 ? reserve.initialRatio : generated / allowed;
  state.reserveRatio = Math.min(1, Math.max(state.reserveRatio, seen));
}

/** Gives back a running request's slot and pages. */
export function leave(state: ReplayState, request: number): void {
  const slot = state.slots[request] as Slot;
  releaseOnRanks(state.ranks, slot);
  state.slotRequests[slot] = -1;
  state.slots[request] = -1;
  state.queryLengths[slot] = 0;
  const index = state.running.indexOf(request);
  state.running.splice(index, 1);
}

/**
 * Mends a step into which nothing could be planned although requests run: prefills hold all pages
 * and none can go on. The last one gives way; one that is alone can never end.
 */
export function breakDeadlock(state: ReplayState): void {
  const request = state.running.at(-1)!;
  if (state.running.length > 1) return preempt(state, request);
  const lengthTokens = state.cached[request] + 1;
  const outcome = extendOnRanks(state.ranks, state.slots[request] as Slot, {
    lengthTokens,
    preallocate: false,
  });
  leave(state, request);
  failRequest(state, request, `it cannot grow although it is alone: ${describeOutcome(outcome)}`);
}
