/** Everything that a replay knows, in flat arrays by request and by slot. */

import { createRandom, type Random } from "../../allocator/mod.ts";
import type { ReservePolicy, SchedulerSettings, TraceRequest } from "../../fixtures/mod.ts";
import type { SpeculativeSettings } from "../../fixtures/mod.ts";
import { BenchError, type FailedRequest, type PageHistory } from "../result/mod.ts";
import type { AvailabilityReading } from "../result/mod.ts";
import { createPageRecorder, type PageRecorder } from "./page_history.ts";
import type { Ranks } from "./ranks.ts";
import type { StepCheck, StepClock } from "../clock/mod.ts";
import { createTimeline, type Timeline } from "./timeline.ts";
import { createTokenLog, type TokenLog } from "./token_log.ts";

/** What a replay is made from. */
export interface ReplayOptions {
  /** Requests in arrival order. */
  readonly requests: readonly TraceRequest[];
  /** Continuous-batching settings. */
  readonly scheduler: SchedulerSettings;
  /** Speculative decoding, or null. */
  readonly speculative: SpeculativeSettings | null;
  /** Fresh pools of every rank; the replay gives all pages back. */
  readonly ranks: Ranks;
  /** Clock that pays for the steps. */
  readonly clock: StepClock;
  /** Seed of speculative acceptance and of the choice of checked steps. */
  readonly seed: number;
  /** How admission reads the share of free pages. @default {"pools"} */
  readonly availability?: AvailabilityReading;
  /** Most sampled checks. @default {0} */
  readonly maxChecks?: number;
  /** Most samples of one request's pages. @default {0} */
  readonly pageSamples?: number;
  /** Stops after this many steps, whatever is left; for warm-up. */
  readonly maxSteps?: number;
  /** Called now and then. */
  readonly onProgress?: (progress: { requestsDone: number; steps: number }) => void;
  /** Stops the replay between two steps. */
  readonly signal?: AbortSignal;
}

/** A check that was made during a replay. */
export interface LoggedCheck extends StepCheck {
  /** Step that was checked. */
  readonly step: number;
}

/** What a replay leaves behind. */
export interface ReplayLog {
  /** Requests in arrival order. */
  readonly requests: readonly TraceRequest[];
  /** Which step gave which request how many tokens. */
  readonly tokens: TokenLog;
  /** When the steps began and ended. */
  readonly timeline: Timeline;
  /** [requests] first step with the request in it, −1 when it never ran. */
  readonly firstSteps: Int32Array;
  /** [requests] times that the request lost its pages. */
  readonly preemptions: Int32Array;
  /** Requests that were not served. */
  readonly failed: readonly FailedRequest[];
  /** Checks made. */
  readonly checks: readonly LoggedCheck[];
  /** Pages of one request over time; null where they were not recorded. */
  readonly pageHistory: PageHistory | null;
}

/** A replay under way. */
export interface ReplayState extends ReplayOptions {
  /** Arrival of each request in milliseconds. */
  readonly arrivalMs: Float64Array;
  /** Prompt tokens of each request. */
  readonly inputTokens: Int32Array;
  /** Tokens to generate for each request. */
  readonly outputTokens: Int32Array;
  /** Tokens generated so far. */
  readonly generated: Int32Array;
  /** Tokens in the cache. */
  readonly cached: Int32Array;
  /** Tokens to prefill: the prompt, after a preemption with what was generated. */
  readonly prefillTokens: Int32Array;
  /** Whether a running request has done its prefill. */
  readonly decoding: Uint8Array;
  /** Slot of each request, −1 where it has none. */
  readonly slots: Int32Array;
  /** First step of each request, −1 before it. */
  readonly firstSteps: Int32Array;
  /** Preemptions of each request. */
  readonly preemptions: Int32Array;
  /** Blocks of each request's prompt that the prefix cache knew at its last admission. */
  readonly prefixMatched: Int32Array;
  /** Acceptance draws of each speculative request that has run. */
  readonly random: Map<number, Random>;
  /** Running requests in the order of their admission. */
  readonly running: number[];
  /** Preempted requests; the last one is the front of the waiting queue. */
  readonly preempted: number[];
  /** Requests that were not served. */
  readonly failed: FailedRequest[];
  /** Checks made. */
  readonly checks: LoggedCheck[];
  /** Request of each slot, −1 where it is free. */
  readonly slotRequests: Int32Array;
  /** [B] new tokens of each slot in the step being planned. */
  readonly queryLengths: Int32Array;
  /** [B] cached tokens of each slot in the step being planned. */
  readonly cachedLengths: Int32Array;
  /** Tokens by step. */
  readonly tokens: TokenLog;
  /** Times by step. */
  readonly timeline: Timeline;
  /** Pages of one request over time; null where they are not recorded. */
  readonly pages: PageRecorder | null;
  /** First request that has arrived and not been admitted. */
  nextWaiting: number;
  /** First request that has not arrived. */
  nextArrival: number;
  /** Requests that have finished. */
  finished: number;
  /** Time before which the next step cannot begin, in milliseconds. */
  idleUntilMs: number;
  /** Ratio of the decode reserve. */
  reserveRatio: number;
  /** Whether the front of the queue was last refused because pages were short. */
  shortOfPages: boolean;
}

/** Prepares a replay. */
export function createReplayState(o: ReplayOptions): ReplayState {
  const count = o.requests.length;
  const slots = o.scheduler.maxSequences;
  refuseDisorder(o.requests);
  const column = (pick: (request: TraceRequest) => number): Int32Array =>
    Int32Array.from(o.requests, pick);
  return {
    ...o,
    arrivalMs: Float64Array.from(o.requests, (request) => request.arrivalMs),
    inputTokens: column((request) => request.inputTokens),
    outputTokens: column((request) => request.outputTokens),
    generated: new Int32Array(count),
    cached: new Int32Array(count),
    prefillTokens: column((request) => request.inputTokens),
    decoding: new Uint8Array(count),
    slots: new Int32Array(count).fill(-1),
    firstSteps: new Int32Array(count).fill(-1),
    preemptions: new Int32Array(count),
    prefixMatched: new Int32Array(count),
    random: new Map(),
    running: [],
    preempted: [],
    failed: [],
    checks: [],
    slotRequests: new Int32Array(slots).fill(-1),
    queryLengths: new Int32Array(slots),
    cachedLengths: new Int32Array(slots),
    tokens: createTokenLog(count),
    timeline: createTimeline(),
    pages: createPageRecorder({
      requests: o.requests,
      modelLengthTokens: o.scheduler.modelLengthTokens,
      heads: o.ranks.measured.options.heads,
      table: o.ranks.measured.table,
      maxSamples: o.pageSamples ?? 0,
    }),
    nextWaiting: 0,
    nextArrival: 0,
    finished: 0,
    idleUntilMs: 0,
    reserveRatio: initialRatio(o.scheduler.reserve),
    shortOfPages: false,
  };
}

/** Draft tokens of a decoding request's next step: never more than it may still emit. */
export function draftTokensOf(state: ReplayState, request: number): number {
  if (state.speculative === null) return 0;
  const remaining = state.outputTokens[request] - state.generated[request];
  return Math.min(state.speculative.draftTokens, remaining - 1);
}

/**
 * Draws how many draft tokens are accepted: they are tried in order and the first refusal ends the
 * row. Each request has a stream of its own, so that the draws do not depend on the schedule.
 */
export function drawAccepted(state: ReplayState, request: number, draftTokens: number): number {
  if (state.speculative === null || draftTokens === 0) return 0;
  let random = state.random.get(request);
  if (random === undefined) {
    random = createRandom((state.seed ^ Math.imul(request + 1, 0x9e3779b1)) >>> 0);
    state.random.set(request, random);
  }
  let accepted = 0;
  while (accepted < draftTokens && random.nextFloat() < state.speculative.acceptRate) accepted++;
  return accepted;
}

/** Whether a request waits for pages that the pools do not have. */
export function isMemoryBound(state: ReplayState): boolean {
  const waiting = state.preempted.length > 0 || state.nextWaiting < state.nextArrival;
  return state.shortOfPages && waiting;
}

/** Records a request that will not be served. */
export function failRequest(state: ReplayState, request: number, reason: string): void {
  state.failed.push({ request: state.requests[request].id, reason });
}

function initialRatio(reserve: ReservePolicy): number {
  return reserve.kind === "ratio" ? reserve.initialRatio : 0;
}

function refuseDisorder(requests: readonly TraceRequest[]): void {
  requests.forEach((request, index) => {
    const before = index === 0 ? 0 : requests[index - 1].arrivalMs;
    if (request.arrivalMs >= before) return;
    throw new BenchError(
      "bench/option",
      `Cannot replay request ${request.id}: it arrives at ${request.arrivalMs} ms, before its ` +
        `predecessor at ${before} ms; sort the requests by arrival`,
    );
  });
}
