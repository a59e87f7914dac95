/**
 * Discrete-event replay: a scheduler, a clock, and what is recorded of both. Decisions are made by
 * step index; the clock is asked for the time only when an arrival that has not been taken in could
 * change the next step, so that a GPU clock has many steps in flight.
 */

import { setImmediate } from "node:timers";
import { type Slot, validateAllocator } from "../../allocator/mod.ts";
import type { StepBatch, StepCheck, StepTimes } from "../clock/mod.ts";
import { BenchError, type FailedRequest } from "../result/mod.ts";
import {
  admitWaiting,
  createLiveRequest,
  createScheduler,
  emptyPrefixCaches,
  finishPlan,
  finishStep,
  isMemoryBound,
  leaveBatch,
  type LiveRequest,
  planStep,
  POLICIES,
  releaseLeaving,
  resolveEmptyStep,
  type Scheduler,
  type StepPlan,
} from "../scheduler/mod.ts";
import { createArrivals, nextArrivalMs, noteEnd, orderArrivals, takeArrival } from "./arrivals.ts";
import type { LoggedCheck, ReplayLog, ReplayOptions } from "./log.ts";
import {
  createPageRecorder,
  finishPageHistory,
  type PageRecorder,
  samplePages,
} from "./page_history.ts";
import { createTimeline, nowMs, recordStep, startOf, timeSteps } from "./timeline.ts";
import { createFolded, type Folded, foldSteps, KEPT_STEPS, STRETCH_STEPS } from "./fold.ts";
import { createFoldedRequests, foldRequests, KEPT_REQUESTS } from "./request_figures.ts";
import { createRequestTimes, noteRequest, takeTimes } from "./request_times.ts";
import { createTokenLog, logTokens } from "./token_log.ts";

/** Steps between two looks at the abort signal and the event loop. */
const STEPS_PER_TURN = 2048;
/** Each further checked step lies this share of its index behind the one before, at the most. */
const CHECK_STRIDE = 0.5;

/** A replay under way: time and what is recorded, around a scheduler that knows of neither. */
interface Replay
  extends Pick<ReplayLog, "timeline" | "tokens" | "times" | "arrivals" | "foldedRequests"> {
  readonly options: ReplayOptions;
  readonly scheduler: Scheduler;
  readonly failed: FailedRequest[];
  readonly checks: LoggedCheck[];
  readonly pages: PageRecorder | null;
  /** Sums of the steps that were dropped, null while all are kept. */
  folded: Folded | null;
  /** The request whose pages are recorded, once it has arrived. */
  followed: LiveRequest | null;
  /** Requests that have finished or failed. */
  done: number;
  /** The same before the last step ended. */
  doneBefore: number;
  /** Time before which the next step cannot begin, in milliseconds. */
  idleUntilMs: number;
  /** Step before which no further check is made. */
  nextCheck: number;
}

/** Replays the requests to the end and returns what happened when. */
export async function replay(o: ReplayOptions): Promise<ReplayLog> {
  const run = startReplay(o);
  const { scheduler, timeline } = run;
  const maxSteps = o.maxSteps ?? Infinity;
  const keptSteps = o.keptSteps ?? KEPT_STEPS;
  refuseStopped(run);
  while (timeline.planned < maxSteps) {
    const plan = planStep(scheduler, timeline.planned);
    while (admitWaiting(scheduler, plan) === "starved" && isSomeoneAhead(run)) {
      if (isBeforeArrival(run)) break;
      // In a closed loop no time decides: requests follow steps.
      const settling = run.arrivals.loop === null ? settle(run) : null;
      if (settling !== null) await settling;
      if (!takeArrivals(run)) break;
    }
    finishPlan(scheduler, plan);
    takeFailures(run);
    if (plan.tokens > 0) {
      const check = startStep(run, plan);
      if (check instanceof Promise) keepCheck(run, plan, await check);
      endStep(run, plan);
      const ready = o.clock.advance?.() ?? null;
      if (ready !== null) await awaitTimes(run, ready);
      if (timeline.planned - timeline.timed >= o.clock.maxPendingSteps) await settle(run);
      if (timeline.planned % STEPS_PER_TURN === 0) await yieldTurn(run);
      const most = run.folded === null ? keptSteps : Math.min(keptSteps, STRETCH_STEPS);
      if (timeline.planned - timeline.base >= most) {
        await settle(run);
        fold(run, false);
      }
    } else if (!await resolveIdle(run, plan)) break;
  }
  await settle(run);
  releaseLeaving(scheduler);
  for (const request of [...scheduler.running]) {
    leaveBatch(scheduler, request);
    end(run, request);
  }
  return finishReplay(run);
}

function startReplay(o: ReplayOptions): Replay {
  const arrivals = createArrivals(o.requests, o.concurrency ?? null);
  const count = o.requests.length;
  // Turns arrive in no order that requests could be dropped in.
  const keepsRequests = arrivals.turns !== null || count <= (o.keptRequests ?? KEPT_REQUESTS);
  return {
    options: o,
    scheduler: createScheduler({
      settings: o.scheduler,
      speculative: o.speculative,
      ranks: o.ranks,
      seed: o.seed,
      availability: o.availability ?? "pools",
      policy: POLICIES[o.scheduler.profile],
    }),
    timeline: createTimeline(),
    tokens: createTokenLog(keepsRequests ? count : 0),
    times: createRequestTimes(keepsRequests ? count : 0),
    arrivals,
    failed: [],
    checks: [],
    pages: createPageRecorder({
      requests: o.requests,
      modelLengthTokens: o.scheduler.modelLengthTokens,
      heads: o.ranks.measured.options.heads,
      table: o.ranks.measured.table,
      maxSamples: o.pageSamples ?? 0,
    }),
    foldedRequests: keepsRequests ? null : createFoldedRequests(),
    folded: null,
    followed: null,
    done: 0,
    doneBefore: 0,
    idleUntilMs: 0,
    nextCheck: 0,
  };
}

/** Hands a planned step to the clock, and checks it where a check is due. */
function startStep(run: Replay, plan: StepPlan): Promise<StepCheck> | null {
  const { options, scheduler, checks } = run;
  const { table, queryLengths, cachedLengths } = scheduler.rows;
  const { step, tokens, sampledRows } = plan;
  const batch: StepBatch = { step, table, queryLengths, cachedLengths, tokens, sampledRows };
  recordPlan(run, plan, batch);
  options.clock.enqueue(batch);
  if (checks.length >= (options.maxChecks ?? 0) || step < run.nextCheck) return null;
  const check = options.clock.check(batch, { seed: (options.seed + step) >>> 0 });
  if (check instanceof Promise) return check;
  keepCheck(run, plan, check);
  return null;
}

function keepCheck(run: Replay, { step }: StepPlan, check: StepCheck): void {
  run.checks.push({ ...check, step });
  run.nextCheck = step + 1 + Math.floor(step * CHECK_STRIDE);
}

/** Gives a step's tokens out. Pages freed from here on wait for its completion. */
function endStep(run: Replay, { step }: StepPlan): void {
  run.doneBefore = run.done;
  finishStep(run.scheduler, (request, emitted) => {
    logTokens(run.tokens, request.index, step, emitted);
    if (request.generated === request.outputTokens) end(run, request);
  });
}

function recordPlan(run: Replay, plan: StepPlan, batch: StepBatch): void {
  const { scheduler, pages, followed } = run;
  const { fullHeadPages, windowHeadPages } = scheduler.ranks.measured.state.counts;
  recordStep(run.timeline, {
    startMs: run.idleUntilMs,
    running: scheduler.running.length,
    memoryBound: isMemoryBound(scheduler) ? 1 : 0,
    prefillTokens: plan.tokens - plan.decodeTokens,
    decodeTokens: plan.decodeTokens,
    fullHeadPages,
    windowHeadPages,
  });
  const slot: Slot | null = followed?.slot ?? null;
  if (pages === null || followed === null || slot === null) return;
  samplePages(pages, {
    step: plan.step,
    slot,
    lengthTokens: followed.cached + batch.queryLengths[slot],
    table: batch.table,
  });
}

/** Continues from a step into which nothing was planned; false when nothing is left to do. */
async function resolveIdle(run: Replay, plan: StepPlan): Promise<boolean> {
  const { scheduler } = run;
  if (scheduler.running.length > 0) resolveEmptyStep(scheduler);
  // A preemption has emptied the batch: the next step takes requests in again.
  else if (!plan.admitting) return true;
  else if (scheduler.waiting.length() > 0) resolveEmptyStep(scheduler);
  else if (!isSomeoneAhead(run)) return false;
  else if (run.arrivals.loop !== null) return takeArrivals(run);
  else await skipToArrival(run);
  takeFailures(run);
  return true;
}

/** Takes the times of all steps; null where nothing has to be awaited for them. */
function settle(run: Replay): Promise<void> | null {
  const { timeline, options } = run;
  if (timeline.timed === timeline.planned) return null;
  const times = options.clock.flush();
  if (times instanceof Promise) return awaitTimes(run, times);
  timeSteps(timeline, times);
  return null;
}

async function awaitTimes(run: Replay, times: Promise<StepTimes>): Promise<void> {
  timeSteps(run.timeline, await times);
  refuseStopped(run);
}

function isSomeoneAhead({ arrivals, options: { requests } }: Replay): boolean {
  return arrivals.taken < requests.length;
}

/** Queues the requests that have arrived by now; returns whether there were any. */
function takeArrivals(run: Replay): boolean {
  const { arrivals, options, scheduler, timeline } = run;
  const before = arrivals.taken;
  // Beside a running step no one knows yet whom it ends.
  const beside = options.scheduler.overlap && scheduler.running.length > 0;
  const moment = {
    timeline,
    nowMs: planningMs(run),
    step: Math.max(0, timeline.planned - (beside ? 1 : 0)),
    ended: beside ? run.doneBefore : run.done,
  };
  let index = takeArrival(arrivals, moment);
  for (; index !== null; index = takeArrival(arrivals, moment)) {
    const request = createLiveRequest(index, options.requests.at(index)!);
    if (index === run.pages?.request) run.followed = request;
    scheduler.waiting.pushBack(request);
  }
  return arrivals.taken > before;
}

/** Whether steps without a time yet cannot last until the next arrival, by the clock's own bound. */
function isBeforeArrival(run: Replay): boolean {
  const { timeline, arrivals, options: { clock } } = run;
  if (arrivals.loop !== null || timeline.timed === timeline.planned) return false;
  if (clock.mostPendingMs === undefined) return false;
  return planningMs(run) + clock.mostPendingMs() < nextArrivalMs(arrivals);
}

/**
 * When the next step is planned: at the end of the last one, or at its start where steps overlap, and
 * not before the arrival that was skipped to.
 */
function planningMs({ timeline, scheduler, options, idleUntilMs }: Replay): number {
  const { timed } = timeline;
  const beside = options.scheduler.overlap && timed > 0 && scheduler.running.length > 0;
  return Math.max(idleUntilMs, beside ? startOf(timeline, timed - 1) : nowMs(timeline, timed));
}

async function skipToArrival(run: Replay): Promise<void> {
  await settle(run);
  const now = nowMs(run.timeline, run.timeline.timed);
  orderArrivals(run.arrivals, run.timeline, now);
  run.idleUntilMs = Math.max(now, nextArrivalMs(run.arrivals));
  takeArrivals(run);
}

/** Takes over what the scheduler will not serve. */
function takeFailures(run: Replay): void {
  for (const { request, reason } of run.scheduler.failed.splice(0)) {
    run.failed.push({ request: request.source.id, reason });
    end(run, request);
  }
}

/** Keeps what is reported a request after its end. */
function end(run: Replay, request: LiveRequest): void {
  noteRequest(run.times, request);
  noteEnd(run.arrivals, request.index, run.timeline.planned - 1);
  run.done++;
}

/** Sums the kept steps up and drops them. */
function fold(run: Replay, isEnd: boolean): void {
  const { scheduler, times, tokens, arrivals, timeline } = run;
  const live = [...scheduler.running, ...scheduler.leaving, ...scheduler.waiting.list()];
  for (const request of live) noteRequest(times, request);
  run.folded ??= createFolded();
  orderArrivals(arrivals, timeline, nowMs(timeline, timeline.timed));
  const started = [...tokens.touched, ...live.map(({ index }) => index)];
  foldSteps(run.folded, times, run, { started, isEnd });
  const kept = Math.min(arrivals.taken, times.arrivalsKnown);
  foldRequests(run, live.reduce((least, { index }) => Math.min(least, index), kept));
  // It has no runs now, and its places are all alike.
  tokens.base = times.base;
}

function finishReplay(run: Replay): ReplayLog {
  const { times, pages, options: { requests, ranks } } = run;
  emptyPrefixCaches(ranks);
  refuseLeaks(run.scheduler);
  if (run.folded !== null) fold(run, true);
  else takeTimes(times, run, { started: times.firstSteps.keys(), isEnd: true });
  foldRequests(run, requests.length);
  const { pageSizeTokens } = ranks.measured.options;
  const { foldedRequests, folded, tokens, timeline, arrivals, failed, checks } = run;
  return {
    times,
    foldedRequests,
    folded,
    tokens,
    timeline,
    arrivals,
    failed,
    checks,
    pageHistory: pages === null ? null : finishPageHistory(pages, { requests, pageSizeTokens }),
  };
}

/** Refuses pools that the replay has left inconsistent. */
function refuseLeaks(scheduler: Scheduler): void {
  const [violation] = scheduler.ranks.all.flatMap((allocator) => validateAllocator(allocator));
  if (violation === undefined) return;
  throw new BenchError(
    "bench/allocator",
    `Cannot trust the replay: its pools are inconsistent (${violation.clause}): ` +
      `${violation.message}`,
  );
}

async function yieldTurn(run: Replay): Promise<void> {
  run.options.onProgress?.({ requestsDone: run.done, steps: run.timeline.planned });
  // Not a microtask: signals and terminals are served by the event loop. A timer would sleep 1 ms.
  await new Promise((resolve) => setImmediate(resolve));
  refuseStopped(run);
}

function refuseStopped({ options }: Replay): void {
  if (options.signal?.aborted !== true) return;
  throw new BenchError("bench/aborted", "Cannot finish the replay: it was stopped");
}
