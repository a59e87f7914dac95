/**
 * The replay's scheduler, run in real time: requests come as they come, and a step takes as long as
 * its clock says, times a factor.
 */

import type { Workload } from "../../fixtures/mod.ts";
import { createModelClock, restOfLayer, type StepClock } from "../clock/mod.ts";
import {
  admitWaiting,
  cancelRequest,
  createLiveRequest,
  createScheduler,
  createSideRanks,
  finishPlan,
  finishStep,
  type LiveRequest,
  planStep,
  POLICIES,
  resolveEmptyStep,
  type Scheduler,
} from "../scheduler/mod.ts";
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
  readonly inputTokens: number;
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

/** Tokens of the blocks that prompts are cut into to share them. */
export const PREFIX_BLOCK_TOKENS = 512;
/** Lateness that later steps make up for; an engine that is slower than its clock stays behind. */
const MAX_LAG_MS = 50;
/** Steps between two turns of the event loop where steps take no time. */
const STEPS_PER_TURN = 32;

/** Starts an engine. */
export function createServeEngine(o: ServeEngineOptions): ServeEngine {
  const scheduler = openScheduler(o);
  const clock = openClock(o, scheduler);
  const taken = new Map<LiveRequest, EngineRequest>();
  const gone = new Set<LiveRequest>();
  const closing = new AbortController();
  const nowMs = (): number => performance.now();
  let wake = (): void => {};
  let submitted = 0;
  let steps = 0;
  const end = (live: LiveRequest, reason: string | null): void => {
    const request = taken.get(live);
    taken.delete(live);
    gone.delete(live);
    request?.onEnd(reason);
  };
  const dropGone = (): void => {
    for (const live of [...gone]) {
      cancelRequest(scheduler, live);
      end(live, "it was cancelled");
    }
  };
  /** Plans a step; null where nothing can be done now. */
  const plan = () => {
    const planned = planStep(scheduler, steps);
    admitWaiting(scheduler, planned);
    finishPlan(scheduler, planned);
    // After a preemption that emptied the batch, the next step takes requests in again.
    const stuck = planned.tokens === 0 && (planned.admitting || scheduler.running.length > 0);
    if (stuck) resolveEmptyStep(scheduler);
    for (const { request, reason } of scheduler.failed.splice(0)) end(request, reason);
    return planned.tokens === 0 ? null : planned;
  };
  const loop = async (): Promise<void> => {
    let freeAtMs = nowMs();
    while (!closing.signal.aborted) {
      dropGone();
      if (scheduler.running.length + scheduler.waiting.length() === 0) {
        await new Promise<void>((resolve) => wake = resolve);
        freeAtMs = nowMs();
        continue;
      }
      const planned = plan();
      if (planned === null) continue;
      const { tokens, sampledRows } = planned;
      clock.enqueue({ ...scheduler.rows, step: steps++, tokens, sampledRows });
      const times = await clock.flush();
      const stepMs = (times.attentionMs[0] + times.restMs[0]) * o.timeScale;
      // Steps are laid end to end, so that timers that fire late do not add up.
      const startMs = nowMs() - freeAtMs > MAX_LAG_MS ? nowMs() : freeAtMs;
      freeAtMs = startMs + stepMs;
      await sleepUntil(freeAtMs, { nowMs, signal: closing.signal });
      // Also where nothing was waited for, connections get their turn.
      if (steps % STEPS_PER_TURN === 0) await new Promise((resolve) => setTimeout(resolve, 0));
      const done: LiveRequest[] = [];
      finishStep(scheduler, (live, emitted) => {
        taken.get(live)?.onTokens(emitted);
        if (live.generated === live.outputTokens) done.push(live);
      });
      for (const live of done) end(live, null);
    }
  };
  const running = loop();
  return {
    submit(request): (() => void) | null {
      if (closing.signal.aborted || taken.size >= o.maxRequests) return null;
      const id = submitted++;
      const { inputTokens, outputTokens, prefixBlocks } = request;
      const live = createLiveRequest(id, {
        id,
        arrivalMs: 0,
        inputTokens,
        outputTokens,
        prefixBlocks,
      });
      taken.set(live, request);
      scheduler.waiting.pushBack(live);
      wake();
      return () => {
        if (taken.has(live)) gone.add(live);
        wake();
      };
    },
    status: () => ({
      running: scheduler.running.length,
      waiting: scheduler.waiting.length(),
      steps,
      hitTokens: scheduler.ranks.prefix?.[scheduler.ranks.measuredRank].statistics.hitTokens ?? 0,
    }),
    async close(): Promise<void> {
      closing.abort();
      wake();
      await running;
      for (const live of [...taken.keys()]) end(live, "the server stopped");
      clock.close();
    },
  };
}

function openScheduler({ workload, side, prefixCache, seed }: ServeEngineOptions): Scheduler {
  const ranks = createSideRanks(workload, side, {
    pageOrder: { kind: "shuffled", seed },
    prefixBlockTokens: prefixCache ? PREFIX_BLOCK_TOKENS : null,
  });
  return createScheduler({
    settings: workload.scheduler,
    speculative: workload.speculative,
    ranks,
    seed,
    availability: "pools",
    policy: POLICIES[workload.scheduler.profile],
  });
}

function openClock(
  { workload, side, ceilings }: ServeEngineOptions,
  { ranks }: Scheduler,
): StepClock {
  const rest = restOfLayer(workload, ceilings);
  return createModelClock({ workload, heads: ranks.measured.options.heads, side, rest });
}
