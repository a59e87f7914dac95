/** One planned step: what a clock is told of it, and what it leaves behind when it ends. */

import type { Slot } from "../../allocator/mod.ts";
import { insertPrefixOnRanks } from "./prefix.ts";
import { beginOnRanks, completeOnRanks, recycleOnRanks } from "./ranks.ts";
import { drawAccepted, type ReplayState } from "./state.ts";
import { leave, type StepPlan } from "./scheduler.ts";
import type { StepBatch } from "../clock/mod.ts";

/** The rows of a planned step. */
export function batchOf(state: ReplayState, plan: StepPlan, step: number): StepBatch {
  return {
    step,
    table: state.ranks.measured.table,
    queryLengths: state.queryLengths,
    cachedLengths: state.cachedLengths,
    tokens: plan.tokens,
    sampledRows: countSampledRows(state),
  };
}

/**
 * Gives the step's tokens to its requests, then lets its pages go. `onTokens` is told of the tokens
 * that a request got, before it leaves if they were its last.
 */
export function finishStep(
  state: ReplayState,
  onTokens: (request: number, tokens: number) => void,
): void {
  const open = beginOnRanks(state.ranks);
  const { running, slots, queryLengths, cached, decoding, generated } = state;
  for (let index = 0; index < running.length; index++) {
    const request = running[index];
    const tokens = queryLengths[slots[request]];
    if (tokens === 0) continue;
    let emitted = 0;
    if (decoding[request] === 0) {
      cached[request] += tokens;
      insertPrefixOnRanks(state, request);
      if (cached[request] === state.prefillTokens[request]) {
        decoding[request] = 1;
        emitted = 1;
      }
    } else {
      emitted = 1 + drawAccepted(state, request, tokens - 1);
      cached[request] += emitted;
    }
    generated[request] += emitted;
    if (emitted > 0) onTokens(request, emitted);
    if (generated[request] === state.outputTokens[request]) {
      leave(state, request);
      state.finished++;
      index--;
    } else if (state.ranks.measured.options.recycle) {
      recycleOnRanks(state.ranks, slots[request] as Slot, cached[request]);
    }
  }
  completeOnRanks(state.ranks, open);
}

/** Tokens of the planned step's decode rows, drafts included. */
export function countDecodeTokens(state: ReplayState): number {
  let tokens = 0;
  for (const request of state.running) {
    if (state.decoding[request] === 1) tokens += state.queryLengths[state.slots[request]];
  }
  return tokens;
}

/** Rows that end in a sampled token: all tokens of decode rows, and prefills that end. */
function countSampledRows(state: ReplayState): number {
  let rows = 0;
  for (const request of state.running) {
    const tokens = state.queryLengths[state.slots[request]];
    if (state.decoding[request] === 1) rows += tokens;
    else if (state.cached[request] + tokens === state.prefillTokens[request]) rows++;
  }
  return rows;
}
