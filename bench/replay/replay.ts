/**
 * Discrete-event replay. Decisions are made by step index; the clock is asked for the time only
 * when an arrival that has not been taken in could change the next step, so that a GPU clock has
 * many steps in flight.
 */

import { type Slot, validateAllocator } from "../../allocator/mod.ts";
import { BenchError } from "../result/mod.ts";
import { finishPageHistory, type PageRecorder, samplePages } from "./page_history.ts";
import { emptyPrefixCaches } from "./prefix.ts";
import {
  createReplayState,
  isMemoryBound,
  type ReplayLog,
  type ReplayOptions,
  type ReplayState,
} from "./state.ts";
import { admitWaiting, breakDeadlock, leave, planRunning, type StepPlan } from "./scheduler.ts";
import type { StepBatch } from "../clock/mod.ts";
import { batchOf, countDecodeTokens, finishStep } from "./step_work.ts";
import { nowMs, planStep, timeSteps } from "./timeline.ts";
import { logTokens } from "./token_log.ts";

/** Steps between two looks at the abort signal and the event loop. */
const STEPS_PER_TURN = 2048;
/** Each further checked step lies this share of its index behind the one before, at the most. */
const CHECK_STRIDE = 0.5;

/** Replays the requests to the end and returns what happened when. */
export async function replay(o: ReplayOptions): Promise<ReplayLog> {
  const state = createReplayState(o);
  const maxSteps = o.maxSteps ?? Infinity;
  let nextCheck = 0;
  refuseStopped(state);
  while (state.timeline.planned < maxSteps) {
    const plan = planRunning(state);
    while (admitWaiting(state, plan) === "needs-time") {
      await settle(state);
      if (!takeArrivals(state)) break;
    }
    if (plan.tokens === 0) {
      if (state.running.length > 0) breakDeadlock(state);
      // A preemption has emptied the batch: the next step takes requests in again.
      else if (!plan.admitting) continue;
      else if (state.nextArrival < state.requests.length) await idle(state);
      else break;
      continue;
    }
    const batch = startStep(state, plan);
    if (state.checks.length < (o.maxChecks ?? 0) && batch.step >= nextCheck) {
      const check = await o.clock.check(batch, { seed: (o.seed + batch.step) >>> 0 });
      state.checks.push({ ...check, step: batch.step });
      nextCheck = batch.step + 1 + Math.floor(batch.step * CHECK_STRIDE);
    }
    finishStep(state, (request, tokens) => logTokens(state.tokens, request, batch.step, tokens));
    if (state.timeline.planned - state.timeline.timed >= o.clock.maxPendingSteps) {
      await settle(state);
    }
    if (state.timeline.planned % STEPS_PER_TURN === 0) await takeTurn(state);
  }
  await settle(state);
  for (const request of [...state.running]) leave(state, request);
  emptyPrefixCaches(state.ranks);
  refuseLeaks(state);
  const { requests, tokens, timeline, firstSteps, preemptions, failed, checks } = state;
  const pageHistory = state.pages === null ? null : finishPageHistory(state.pages, {
    requests,
    pageSizeTokens: state.ranks.measured.options.pageSizeTokens,
  });
  return { requests, tokens, timeline, firstSteps, preemptions, failed, checks, pageHistory };
}

/** Hands the planned step to the clock. Pages freed from here on wait for its completion. */
function startStep(state: ReplayState, plan: StepPlan): StepBatch {
  const { timeline } = state;
  const batch = batchOf(state, plan, timeline.planned);
  const { fullHeadPages, windowHeadPages } = state.ranks.measured.state.counts;
  const decodeTokens = countDecodeTokens(state);
  planStep(timeline, {
    notBeforeMs: state.idleUntilMs,
    running: state.running.length,
    memoryBound: isMemoryBound(state),
    prefillTokens: plan.tokens - decodeTokens,
    decodeTokens,
    fullHeadPages,
    windowHeadPages,
  });
  if (state.pages !== null) followPages(state, state.pages, batch);
  state.clock.enqueue(batch);
  return batch;
}

function followPages(state: ReplayState, pages: PageRecorder, batch: StepBatch): void {
  const slot = state.slots[pages.request];
  if (slot < 0) return;
  samplePages(pages, {
    step: batch.step,
    slot: slot as Slot,
    lengthTokens: state.cached[pages.request] + batch.queryLengths[slot],
    table: batch.table,
  });
}

/** Waits for the times of all steps. */
async function settle(state: ReplayState): Promise<void> {
  if (state.timeline.timed === state.timeline.planned) return;
  const times = state.clock.flush();
  if (!(times instanceof Promise)) return timeSteps(state.timeline, times);
  timeSteps(state.timeline, await times);
  refuseStopped(state);
}

/** Queues the requests that have arrived by now; returns whether there were any. */
function takeArrivals(state: ReplayState): boolean {
  const now = Math.max(nowMs(state.timeline, state.timeline.timed), state.idleUntilMs);
  const before = state.nextArrival;
  while (
    state.nextArrival < state.requests.length && state.arrivalMs[state.nextArrival] <= now
  ) state.nextArrival++;
  return state.nextArrival > before;
}

/** Skips to the next arrival. */
async function idle(state: ReplayState): Promise<void> {
  await settle(state);
  const now = nowMs(state.timeline, state.timeline.timed);
  state.idleUntilMs = Math.max(now, state.arrivalMs[state.nextArrival]);
  takeArrivals(state);
}

async function takeTurn(state: ReplayState): Promise<void> {
  state.onProgress?.({
    requestsDone: state.finished + state.failed.length,
    steps: state.timeline.planned,
  });
  // A timer and not a microtask: signals and terminals are served by the event loop.
  await new Promise((resolve) => setTimeout(resolve, 0));
  refuseStopped(state);
}

function refuseStopped({ signal }: ReplayState): void {
  if (signal?.aborted !== true) return;
  throw new BenchError("bench/aborted", "Cannot finish the replay: it was stopped");
}

function refuseLeaks(state: ReplayState): void {
  for (const allocator of state.ranks.all) {
    const violations = validateAllocator(allocator);
    if (violations.length === 0) continue;
    throw new BenchError(
      "bench/allocator",
      `Cannot trust the replay: its pools are inconsistent (${violations[0].clause}): ` +
        `${violations[0].message}`,
    );
  }
}
