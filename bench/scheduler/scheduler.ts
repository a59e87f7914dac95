/**
 * Continuous batching, one step at a time and without a clock: who waits, who runs, and the rows of
 * the next step. A policy decides as one engine's scheduler does; everything here is common to all.
 *
 * A step is planned in three parts. {@linkcode planStep} gives rows to running requests,
 * {@linkcode admitWaiting} takes requests in until the queue is empty or its front does not fit, and
 * {@linkcode finishPlan} adds what only follows when it is known whether anyone was taken in.
 * {@linkcode finishStep} then gives the tokens to their requests.
 */

import { describeOutcome, type Slot } from "../../allocator/mod.ts";
import type { SchedulerSettings, SpeculativeSettings } from "../../fixtures/mod.ts";
import type { StepRows } from "../../kernel/mod.ts";
import type { AvailabilityReading } from "../result/mod.ts";
import { findFault } from "./faults.ts";
import type { LiveRequest } from "./live_request.ts";
import { extendOnRanks, type Ranks, releaseOnRanks } from "./ranks.ts";
import { createWaitingQueue, type WaitingQueue } from "./waiting_queue.ts";

/** What a scheduler is made from. */
export interface SchedulerOptions {
  /** Batch slots, budget of a step, reserve. */
  readonly settings: SchedulerSettings;
  /** Speculative decoding, or null. */
  readonly speculative: SpeculativeSettings | null;
  /** Pools of every rank. */
  readonly ranks: Ranks;
  /** Seed of speculative acceptance. */
  readonly seed: number;
  /** How admission reads the share of free pages. */
  readonly availability: AvailabilityReading;
  /** Whose decisions are made. */
  readonly policy: SchedulerPolicy;
}

/** A scheduler under way. */
export interface Scheduler extends SchedulerOptions {
  /** Requests that have arrived and are not running. */
  readonly waiting: WaitingQueue;
  /** Running requests in the order of their admission. */
  readonly running: LiveRequest[];
  /** Requests that have ended and whose pages the engine has not taken back yet; see `overlap`. */
  readonly leaving: LiveRequest[];
  /** Requests that will never be served, since their owner last took them away. */
  readonly failed: { readonly request: LiveRequest; readonly reason: string }[];
  /** Rows of the step being planned. */
  readonly rows: StepRows;
  /** Reserve for running requests; its unit is the policy's. */
  reserve: number;
  /** Whether the front of the queue was last refused because pages were short. */
  shortOfPages: boolean;
}

/** A step being planned. */
export interface StepPlan {
  /** Index of the step. */
  readonly step: number;
  /** Tokens that are left of the budget. */
  budgetTokens: number;
  /** New tokens planned. */
  tokens: number;
  /** Of these, tokens of decode rows, drafts included. */
  decodeTokens: number;
  /** Rows that end in a sampled token: all tokens of decode rows, and prefills that end. */
  sampledRows: number;
  /** Requests admitted in this step. */
  admitted: number;
  /** Whether waiting requests may still be admitted in this step. */
  admitting: boolean;
}

/** What one engine's scheduler decides. */
export interface SchedulerPolicy {
  /** Gives rows to running requests; may preempt, and may close admission for this step. */
  readonly planRunning: (scheduler: Scheduler, plan: StepPlan) => void;
  /** Takes the front of the queue in and gives it a row; false, and nothing changed, if it has to wait. */
  readonly admit: (scheduler: Scheduler, plan: StepPlan, request: LiveRequest) => boolean;
  /** Gives rows that depend on what was admitted. */
  readonly finishPlan?: (scheduler: Scheduler, plan: StepPlan) => void;
  /** Reserve after a preemption of which the loser is out of the batch. @default {that at first} */
  readonly reserveAfterPreemption?: (scheduler: Scheduler) => number;
}

/** Creates a scheduler with an empty queue. */
export function createScheduler(o: SchedulerOptions): Scheduler {
  const slots = o.settings.maxSequences;
  return {
    ...o,
    waiting: createWaitingQueue(),
    running: [],
    leaving: [],
    failed: [],
    rows: {
      table: o.ranks.measured.table,
      queryLengths: new Int32Array(slots),
      cachedLengths: new Int32Array(slots),
    },
    reserve: reserveAtFirst(o.settings),
    shortOfPages: false,
  };
}

function reserveAtFirst({ reserve }: SchedulerSettings): number {
  if (reserve.kind === "none") return 0;
  return reserve.kind === "ratio" ? reserve.initialRatio : reserve.initialPages;
}

/** Empties the step and gives rows to running requests. */
export function planStep(scheduler: Scheduler, step: number): StepPlan {
  scheduler.rows.queryLengths.fill(0);
  // Nothing is in flight that this step could be planned beside.
  if (scheduler.running.length === 0) releaseLeaving(scheduler);
  const plan: StepPlan = {
    step,
    budgetTokens: scheduler.settings.maxBatchedTokens,
    tokens: 0,
    decodeTokens: 0,
    sampledRows: 0,
    admitted: 0,
    admitting: true,
  };
  scheduler.policy.planRunning(scheduler, plan);
  return plan;
}

/**
 * Admits waiting requests from the front until one does not fit, none skipped.
 *
 * @returns `starved` where more could be admitted and no request waits: an arrival up to now would
 *   change the step. `done` otherwise.
 */
export function admitWaiting(scheduler: Scheduler, plan: StepPlan): "done" | "starved" {
  const { waiting, policy } = scheduler;
  if (isFull(scheduler)) scheduler.shortOfPages = false;
  while (plan.admitting && plan.budgetTokens > 0 && !isFull(scheduler)) {
    const request = waiting.front();
    if (request === null) {
      scheduler.shortOfPages = false;
      return "starved";
    }
    const fault = findFault(scheduler, request);
    if (fault !== null) {
      waiting.popFront();
      scheduler.failed.push({ request, reason: fault });
    } else if (policy.admit(scheduler, plan, request)) waiting.popFront();
    else return "done";
  }
  return "done";
}

function isFull({ running, leaving, settings }: Scheduler): boolean {
  return running.length + leaving.length >= settings.maxSequences;
}

/** Ends the planning of a step. */
export function finishPlan(scheduler: Scheduler, plan: StepPlan): void {
  scheduler.policy.finishPlan?.(scheduler, plan);
}

/** Whether a request waits for pages that the pools do not have. */
export function isMemoryBound(scheduler: Scheduler): boolean {
  return scheduler.shortOfPages && scheduler.waiting.length() > 0;
}

/** Gives a running request's row its tokens in this step. */
export function planRow(
  scheduler: Scheduler,
  plan: StepPlan,
  request: LiveRequest,
  tokens: number,
): void {
  const slot = requireSlot(request);
  scheduler.rows.queryLengths[slot] = tokens;
  scheduler.rows.cachedLengths[slot] = request.cached;
  plan.tokens += tokens;
  if (request.decoding) {
    plan.decodeTokens += tokens;
    plan.sampledRows += tokens;
  } else if (request.cached + tokens === request.prefillTokens) plan.sampledRows++;
}

/** Puts a request into the batch that has been given pages in a slot. */
export function enterBatch(
  scheduler: Scheduler,
  plan: StepPlan,
  o: { readonly request: LiveRequest; readonly slot: Slot; readonly tokens: number },
): void {
  const { request, slot, tokens } = o;
  plan.admitted++;
  request.slot = slot;
  scheduler.running.push(request);
  if (request.firstStep < 0) request.firstStep = plan.step;
  planRow(scheduler, plan, request, tokens);
  plan.budgetTokens -= tokens;
}

/** Takes all pages of a request and puts it at the front of the queue, to prefill once more. */
export function preempt(scheduler: Scheduler, request: LiveRequest): void {
  resetRequest(scheduler, request);
  scheduler.waiting.pushFront(request);
}

/**
 * Grows a running request to a length; false, and nothing changed, where pages are short.
 *
 * @param ahead Whether the configured pages are taken ahead where new ones are needed.
 */
export function growRequest(
  { ranks }: Scheduler,
  request: LiveRequest,
  lengthTokens: number,
  ahead = false,
): boolean {
  return extendOnRanks(ranks, requireSlot(request), lengthTokens, ahead).kind === "allocated";
}

/**
 * Grows a running request to a length, the requests that were admitted last giving way until it
 * fits. A step in which one does admits no request.
 *
 * @returns False when the request is itself the last one and gave way.
 */
export function growOrPreempt(
  scheduler: Scheduler,
  plan: StepPlan,
  o: { readonly request: LiveRequest; readonly lengthTokens: number },
): boolean {
  const { running } = scheduler;
  while (!growRequest(scheduler, o.request, o.lengthTokens)) {
    const last = running[running.length - 1];
    plan.admitting = false;
    preempt(scheduler, last);
    if (last === o.request) return false;
  }
  return true;
}

/** Lets a reserve that is a ratio fall by a step's share, not below its floor. */
export function decayRatio(scheduler: Scheduler): void {
  const { reserve } = scheduler.settings;
  if (reserve.kind !== "ratio") return;
  scheduler.reserve = Math.max(reserve.floorRatio, scheduler.reserve - reserve.decayPerStep);
}

/** Takes all pages of a request, of which the whole prefill is then to be done again. */
export function resetRequest(scheduler: Scheduler, request: LiveRequest): void {
  leaveBatch(scheduler, request);
  scheduler.shortOfPages = true;
  request.preemptions++;
  request.cached = 0;
  request.decoding = false;
  request.prefillTokens = request.inputTokens + request.generated;
  scheduler.reserve = scheduler.policy.reserveAfterPreemption?.(scheduler) ??
    reserveAtFirst(scheduler.settings);
}

/** Takes a running request out of the batch and gives its slot and pages back. */
export function leaveBatch(scheduler: Scheduler, request: LiveRequest): void {
  scheduler.running.splice(scheduler.running.indexOf(request), 1);
  releaseRequest(scheduler, request);
}

/** Takes a request out of the batch that has got its last token. */
export function retireRequest(scheduler: Scheduler, request: LiveRequest): void {
  if (!scheduler.settings.overlap) return leaveBatch(scheduler, request);
  scheduler.running.splice(scheduler.running.indexOf(request), 1);
  scheduler.leaving.push(request);
}

/** Gives back what ended requests still hold; whether there was anything. */
export function releaseLeaving(scheduler: Scheduler): boolean {
  const ended = scheduler.leaving.splice(0);
  for (const request of ended) releaseRequest(scheduler, request);
  return ended.length > 0;
}

function releaseRequest(scheduler: Scheduler, request: LiveRequest): void {
  const slot = requireSlot(request);
  releaseOnRanks(scheduler.ranks, slot);
  scheduler.rows.queryLengths[slot] = 0;
  request.slot = null;
}

/** Takes a request out, wherever it is. */
export function cancelRequest(scheduler: Scheduler, request: LiveRequest): void {
  if (!scheduler.waiting.remove(request)) leaveBatch(scheduler, request);
}

/**
 * Resolves a step into which nothing could be planned. Prefills that hold all pages cannot resume:
 * the last one gives way, and one that is alone can never end. A request that waits although no one
 * runs will wait for ever.
 */
export function resolveEmptyStep(scheduler: Scheduler): void {
  if (releaseLeaving(scheduler)) return;
  const request = scheduler.running.at(-1);
  if (request === undefined) {
    const first = scheduler.waiting.popFront();
    const reason = "the pools cannot hold it beside what admission keeps back";
    if (first !== null) scheduler.failed.push({ request: first, reason });
    return;
  }
  if (scheduler.running.length > 1) return preempt(scheduler, request);
  const outcome = extendOnRanks(scheduler.ranks, requireSlot(request), request.cached + 1);
  leaveBatch(scheduler, request);
  scheduler.failed.push({
    request,
    reason: `it cannot grow although it is alone: ${describeOutcome(outcome)}`,
  });
}

/** The slot of a running request. */
export function requireSlot(request: LiveRequest): Slot {
  if (request.slot !== null) return request.slot;
  throw new Error(`Cannot find the slot of request ${request.source.id}: it is not running`);
}

/** A free slot, the lowest; the caller has made sure that there is one. */
export function freeSlot({ ranks: { measured: { state } } }: Scheduler): Slot {
  return state.slotIds[state.active.indexOf(0)];
}

/** Draft tokens of a decoding request's next step: never more than it may still emit. */
export function draftTokensOf(scheduler: Scheduler, request: LiveRequest): number {
  if (scheduler.speculative === null) return 0;
  const remaining = request.outputTokens - request.generated;
  return Math.min(scheduler.speculative.draftTokens, remaining - 1);
}
