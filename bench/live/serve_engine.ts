/**
 * The replay's scheduler, run in real time: requests come as they come, and a step takes as long as
 * its clock says, times a factor.
 */

import type { Workload } from "../../fixtures/mod.ts";
import { shardHeadMap } from "../../allocator/mod.ts";
import { createModelClock, restOfLayer } from "../clock/mod.ts";
import {
  admitWaiting,
  batchOf,
  breakDeadlock,
  createPrefixRanks,
  createRanks,
  createReplayState,
  findMeasuredRank,
  finishStep,
  leave,
  planRunning,
  type ReplayState,
} from "../replay/mod.ts";
import type { ResultCeilings, Side } from "../result/mod.ts";
import { sleepUntil } from "./open_loop.ts";

/** What an engine is made from. */
export interface ServeEngineOptions {
  /** Model, cache and scheduler. */
  readonly workload: Workload;
  /** Layout, walk and recycling. */
  readonly side: Side;
  /** Ceilings that steps are costed by. */
  readonly ceilings: ResultCeilings;
  /** Factor on the time of every step. */
  readonly timeScale: number;
  /** Most requests taken at once, waiting ones included. */
  readonly maxRequests: number;
  /** Whether prompts share the pages of their prefixes. */
  readonly prefixCache: boolean;
  /** Seed of page order and speculative acceptance. */
  readonly seed: number;
}

/** A request as the engine takes it. */
export interface EngineRequest {
  /** Prompt tokens. */
  readonly inputTokens: number;
  /** Tokens to generate. */
  readonly outputTokens: number;
  /** Ids of the prompt's prefix blocks. */
  readonly prefixBlocks: readonly number[];
  /** Called with the tokens that a step gave. */
  readonly onTokens: (tokens: number) => void;
  /** Called once, at the end: null after the last token, otherwise why there are no more. */
  readonly onEnd: (reason: string | null) => void;
}

/** A running engine. */
export interface ServeEngine {
  /** Takes a request, or tells that there is no room: null. The function returned ends it early. */
  readonly submit: (request: EngineRequest) => (() => void) | null;
  /** What it has done and is doing. */
  readonly status: () => EngineStatus;
  /** Ends every request and stops. */
  readonly close: () => Promise<void>;
}

/** What an engine has done and is doing. */
export interface EngineStatus {
  /** Requests in the batch. */
  readonly running: number;
  /** Requests that wait. */
  readonly waiting: number;
  /** Steps so far. */
  readonly steps: number;
  /** Prompt tokens that were found in the prefix cache; 0 without one. */
  readonly hitTokens: number;
}

/** Starts an engine. */
export function createServeEngine(o: ServeEngineOptions): ServeEngine {
  const state = createState(o);
  const taken: (EngineRequest | null)[] = Array(o.maxRequests).fill(null);
  const free = Array.from({ length: o.maxRequests }, (_, i) => o.maxRequests - 1 - i);
  const gone = new Set<number>();
  const closing = new AbortController();
  let wake = (): void => {};
  let steps = 0;
  const end = (index: number, reason: string | null): void => {
    const request = taken[index];
    taken[index] = null;
    gone.delete(index);
    free.push(index);
    state.random.delete(index);
    request?.onEnd(reason);
  };
  const dropGone = (): void => {
    for (const index of [...gone]) {
      const waiting = state.preempted.indexOf(index);
      if (waiting >= 0) state.preempted.splice(waiting, 1);
      else leave(state, index);
      end(index, "it was cancelled");
    }
  };
  const nowMs = (): number => performance.now();
  const loop = async (): Promise<void> => {
    let freeAtMs = nowMs();
    while (!closing.signal.aborted) {
      dropGone();
      if (state.running.length + state.preempted.length === 0) {
        await new Promise<void>((resolve) => wake = resolve);
        freeAtMs = nowMs();
        continue;
      }
      const plan = planRunning(state);
      admitWaiting(state, plan);
      for (const { request, reason } of state.failed.splice(0)) end(request, reason);
      if (plan.tokens === 0) {
        // After a preemption that emptied the batch, the next step takes requests in again.
        if (plan.admitting || state.running.length > 0) mendEmptyStep(state, end);
        continue;
      }
      state.clock.enqueue(batchOf(state, plan, steps++));
      const times = await state.clock.flush();
      const stepMs = (times.attentionMs[0] + times.restMs[0]) * o.timeScale;
      // Steps are laid end to end, so that timers that fire late do not add up.
      const startMs = nowMs() - freeAtMs > MAX_LAG_MS ? nowMs() : freeAtMs;
      freeAtMs = startMs + stepMs;
      await sleepUntil(freeAtMs, { nowMs, signal: closing.signal });
      // Also where nothing was waited for, connections get their turn.
      if (steps % STEPS_PER_TURN === 0) await new Promise((resolve) => setTimeout(resolve, 0));
      const done: number[] = [];
      finishStep(state, (index, tokens) => {
        taken[index]?.onTokens(tokens);
        if (state.generated[index] === state.outputTokens[index]) done.push(index);
      });
      for (const index of done) end(index, null);
    }
  };
  const running = loop();
  return {
    submit(request): (() => void) | null {
      const index = closing.signal.aborted ? undefined : free.pop();
      if (index === undefined) return null;
      taken[index] = request;
      fill(state, index, request);
      wake();
      return () => {
        if (taken[index] === request) gone.add(index);
        wake();
      };
    },
    status: () => ({
      running: state.running.length,
      waiting: state.preempted.length,
      steps,
      hitTokens: state.ranks.prefix?.[state.ranks.measuredRank].statistics.hitTokens ?? 0,
    }),
    async close(): Promise<void> {
      closing.abort();
      wake();
      await running;
      taken.forEach((request, index) => request !== null && end(index, "the server stopped"));
      state.clock.close();
    },
  };
}

/** Lateness that later steps make up for; an engine that is slower than its clock stays behind. */
const MAX_LAG_MS = 50;
/** Steps between two turns of the event loop where steps take no time. */
const STEPS_PER_TURN = 32;

/** Requests that run and cannot go on, or wait and cannot be taken: one of them gives way. */
function mendEmptyStep(state: ReplayState, end: (index: number, reason: string) => void): void {
  if (state.running.length > 0) {
    breakDeadlock(state);
  } else if (state.preempted.length > 0) {
    end(state.preempted.pop()!, "the pools cannot hold it beside what admission keeps back");
  }
  for (const { request, reason } of state.failed.splice(0)) end(request, reason);
}

/** A replay's state with a place for every request that can be there at once, all of them empty. */
function createState(o: ServeEngineOptions): ReplayState {
  const { workload, side } = o;
  const { cache, scheduler, headMap, tensorParallel } = workload;
  const create = o.prefixCache ? createPrefixRanks : createRanks;
  const ranks = create({
    layout: side.layout,
    heads: headMap,
    slots: scheduler.maxSequences,
    pagesPerHead: cache.pagesPerHead,
    pageSizeTokens: cache.pageSizeTokens,
    modelLengthTokens: scheduler.modelLengthTokens,
    preallocatedPages: scheduler.preallocatedPages,
    recycle: side.recycle,
    pageOrder: { kind: "shuffled", seed: o.seed },
  }, tensorParallel);
  const rank = findMeasuredRank(headMap, tensorParallel);
  const heads = shardHeadMap(headMap, { tensorParallel, rank });
  const rest = restOfLayer(workload, o.ceilings);
  const empty = (id: number) => ({ id, arrivalMs: 0, inputTokens: 1, outputTokens: 1 });
  const state = createReplayState({
    requests: Array.from({ length: o.maxRequests }, (_, id) => empty(id)),
    scheduler,
    speculative: workload.speculative,
    ranks,
    clock: createModelClock({ workload, heads, side, rest }),
    seed: o.seed,
  });
  // Nothing arrives by itself: whatever waits stands in the queue of preempted requests.
  state.nextWaiting = o.maxRequests;
  state.nextArrival = o.maxRequests;
  return state;
}

/** Puts a request into its place and at the back of the queue. */
function fill(state: ReplayState, index: number, request: EngineRequest): void {
  const requests = state.requests as ReplayState["requests"][number][];
  requests[index] = {
    id: index,
    arrivalMs: 0,
    inputTokens: request.inputTokens,
    outputTokens: request.outputTokens,
    prefixBlocks: request.prefixBlocks,
  };
  state.inputTokens[index] = request.inputTokens;
  state.outputTokens[index] = request.outputTokens;
  state.prefillTokens[index] = request.inputTokens;
  state.generated[index] = 0;
  state.cached[index] = 0;
  state.decoding[index] = 0;
  state.firstSteps[index] = -1;
  state.preempted.unshift(index);
}
