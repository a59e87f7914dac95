/**
 * What is known of every request in milliseconds, in flat arrays. A replay is kept as step indices
 * until their times are known; this is what it comes to, for all of it at the end or, of a long one,
 * a stretch of steps at a time.
 */

import { resized } from "./columns.ts";
import type { KeptSteps } from "./kept_steps.ts";
import { attentionAt, attentionUpTo, endOf, nowMs, startOf, type Timeline } from "./timeline.ts";
import type { GapClock } from "./token_gaps.ts";
import { countTokens, firstRunOf } from "./token_log.ts";

/** [kept requests] each, the first one being `base`; times are NaN where they are not known. */
export interface RequestTimes {
  /** Requests whose figures have been taken and whose times were dropped. */
  base: number;
  /** First step with the request in it, −1 while it never ran. */
  firstSteps: Int32Array;
  /** Times that the request lost its pages, told at its end. */
  preemptions: Int32Array;
  /** Start of the first step with the request in it. */
  startedMs: Float64Array;
  /** End of the step of the first token. */
  firstMs: Float64Array;
  /** End of the step of the last token so far. */
  lastMs: Float64Array;
  /** Attention of all steps up to the arrival. */
  arrivalAttentionMs: Float64Array;
  /** Attention of all steps up to and with that of the first token. */
  firstAttentionMs: Float64Array;
  /** Attention of all steps up to and with that of the last token so far. */
  lastAttentionMs: Float64Array;
  /** Arrivals of a closed loop or of turns, null where all requests have their own. */
  arrivalMs: Float64Array | null;
  /** Tokens so far. */
  tokens: Int32Array;
  /** Requests, in the order of arrival, whose arrival is behind the timed steps. */
  arrivalsKnown: number;
}

const MOMENTS = [
  "startedMs",
  "firstMs",
  "lastMs",
  "arrivalAttentionMs",
  "firstAttentionMs",
  "lastAttentionMs",
] as const;

/** Creates times of which nothing is known. */
export function createRequestTimes(capacity: number, hasOtherArrivals: boolean): RequestTimes {
  const unknown = (): Float64Array => new Float64Array(capacity).fill(NaN);
  return {
    base: 0,
    firstSteps: new Int32Array(capacity).fill(-1),
    preemptions: new Int32Array(capacity),
    startedMs: unknown(),
    firstMs: unknown(),
    lastMs: unknown(),
    arrivalAttentionMs: unknown(),
    firstAttentionMs: unknown(),
    lastAttentionMs: unknown(),
    arrivalMs: hasOtherArrivals ? unknown() : null,
    tokens: new Int32Array(capacity),
    arrivalsKnown: 0,
  };
}

/**
 * Takes over what the kept steps tell.
 *
 * @param log Kept steps; all of them have times.
 * @param o Requests that may have been started in them, and whether no more steps follow.
 */
export function takeTimes(
  times: RequestTimes,
  log: KeptSteps,
  o: { readonly started: Iterable<number>; readonly isEnd: boolean },
): void {
  const { timeline, tokens } = log;
  takeArrivals(times, log, o.isEnd);
  for (const request of o.started) {
    const place = placeOf(times, request);
    const step = times.firstSteps[place];
    if (step >= timeline.base) times.startedMs[place] = startOf(timeline, step);
  }
  for (const request of tokens.touched) {
    const first = tokens.step[firstRunOf(tokens, request)];
    const lastRun = tokens.lastRun[request - tokens.base];
    const last = tokens.step[lastRun] + tokens.steps[lastRun] - 1;
    const place = placeOf(times, request);
    if (Number.isNaN(times.firstMs[place])) {
      times.firstMs[place] = endOf(timeline, first);
      times.firstAttentionMs[place] = attentionUpTo(timeline, first);
    }
    times.lastMs[place] = endOf(timeline, last);
    times.lastAttentionMs[place] = attentionUpTo(timeline, last);
    times.tokens[place] += countTokens(tokens, request);
  }
}

/** Arrivals come in order, so each is looked up in the steps that are kept when it has passed. */
function takeArrivals(times: RequestTimes, log: KeptSteps, isEnd: boolean): void {
  const { timeline, requests, turns } = log;
  const now = nowMs(timeline, timeline.timed);
  const count = turns?.known ?? requests.length;
  while (times.arrivalsKnown < count) {
    const request = turns?.order[times.arrivalsKnown] ?? times.arrivalsKnown;
    const arrivalMs = arrivalOf(log, request);
    if (!isEnd && !(arrivalMs < now)) return;
    const place = placeOf(times, request);
    times.arrivalAttentionMs[place] = attentionAt(timeline, arrivalMs);
    if (times.arrivalMs !== null) times.arrivalMs[place] = arrivalMs;
    times.arrivalsKnown++;
  }
}

/** When a request arrived: by its own time, after another, or with the end of a step. */
function arrivalOf({ arrivalSteps, timeline, requests, turns }: KeptSteps, index: number): number {
  if (turns !== null) return turns.arrivalMs[index];
  if (arrivalSteps === null) return requests.at(index)!.arrivalMs;
  return arrivalSteps[index] < 0
    ? Infinity
    : nowMs(timeline, Math.min(arrivalSteps[index], timeline.timed));
}

/**
 * Notes when a request ran first.
 *
 * @param step The first step with it, −1 while it never ran.
 */
export function noteFirstStep(times: RequestTimes, request: number, step: number): void {
  const place = placeOf(times, request);
  times.firstSteps[place] = step;
}

/** Notes how often a request lost its pages. */
export function notePreemptions(times: RequestTimes, request: number, count: number): void {
  const place = placeOf(times, request);
  times.preemptions[place] = count;
}

/** Place of a request among the kept ones; makes room for it, so columns are looked up after it. */
function placeOf(times: RequestTimes, request: number): number {
  const place = request - times.base;
  if (place >= times.tokens.length) resize(times, 0, Math.max(64, 2 * place));
  return place;
}

/** Drops the requests before `base`. */
export function dropRequests(times: RequestTimes, base: number): void {
  const dropped = base - times.base;
  resize(times, dropped, Math.max(64, times.tokens.length - dropped));
  times.base = base;
}

/** Leaves out the first places and makes room for so many in all. */
function resize(times: RequestTimes, dropped: number, capacity: number): void {
  for (const key of MOMENTS) times[key] = resized(times[key], capacity, { dropped, fill: NaN });
  if (times.arrivalMs !== null) {
    times.arrivalMs = resized(times.arrivalMs, capacity, { dropped, fill: NaN });
  }
  times.firstSteps = resized(times.firstSteps, capacity, { dropped, fill: -1 });
  times.preemptions = resized(times.preemptions, capacity, { dropped });
  times.tokens = resized(times.tokens, capacity, { dropped });
}

/** Whole steps, and attention alone. */
export function gapClocks(
  { endMs, attentionUpToMs }: Timeline,
  times: RequestTimes,
): { readonly whole: GapClock; readonly attention: GapClock } {
  return {
    whole: { atMs: endMs, beforeMs: times.lastMs, base: times.base },
    attention: { atMs: attentionUpToMs, beforeMs: times.lastAttentionMs, base: times.base },
  };
}
