/**
 * What is known of every request in milliseconds, in flat arrays. A replay is kept as step indices
 * until their times are known; this is what it comes to, for all of it at the end or, of a long one,
 * a stretch of steps at a time.
 */

import { arrivalAt, type Arrivals } from "./arrivals.ts";
import {
  type ColumnKinds,
  type Columns,
  createColumns,
  dropPlaces,
  resizeColumns,
} from "./columns.ts";
import { attentionAt, attentionUpTo, endOf, nowMs, startOf, type Timeline } from "./timeline.ts";
import type { GapClock } from "./token_gaps.ts";
import { countTokens, firstRunOf, type TokenLog } from "./token_log.ts";

/** What is known of each kept request; times are NaN where they are not known. */
const COLUMNS = {
  /** First step with the request in it, −1 while it never ran. */
  firstSteps: [Int32Array, -1],
  /** Times that the request lost its pages, as last told. */
  preemptions: [Int32Array],
  /** Start of the first step with the request in it. */
  startedMs: [Float64Array, NaN],
  /** End of the step of the first token. */
  firstMs: [Float64Array, NaN],
  /** End of the step of the last token so far. */
  lastMs: [Float64Array, NaN],
  /** Attention of all steps up to the arrival. */
  arrivalAttentionMs: [Float64Array, NaN],
  /** Attention of all steps up to and with that of the first token. */
  firstAttentionMs: [Float64Array, NaN],
  /** Attention of all steps up to and with that of the last token so far. */
  lastAttentionMs: [Float64Array, NaN],
  /** Arrival: its own, or in a closed loop or of a turn what came of it. */
  arrivalMs: [Float64Array, NaN],
  /** Tokens so far. */
  tokens: [Int32Array],
} as const satisfies ColumnKinds;

/** [kept requests] each, the first one being `base`. */
export interface RequestTimes extends Columns<typeof COLUMNS> {
  /** Requests whose figures have been taken and whose times were dropped. */
  base: number;
  /** Requests, in the order of arrival, whose arrival is behind the timed steps. */
  arrivalsKnown: number;
}

/** Steps by their index, and what requests got in them. */
export interface KeptSteps {
  /** When requests arrived. */
  readonly arrivals: Arrivals;
  /** Which step gave which request how many tokens. */
  readonly tokens: TokenLog;
  /** When the steps began and ended. */
  readonly timeline: Timeline;
}

/** Creates times of which nothing is known. */
export function createRequestTimes(capacity: number): RequestTimes {
  return { base: 0, arrivalsKnown: 0, ...createColumns(COLUMNS, capacity) };
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
function takeArrivals(
  times: RequestTimes,
  { timeline, arrivals }: KeptSteps,
  isEnd: boolean,
): void {
  const now = nowMs(timeline, timeline.timed);
  for (;; times.arrivalsKnown++) {
    const next = arrivalAt(arrivals, times.arrivalsKnown, timeline);
    if (next === null || !(isEnd || next.arrivalMs < now)) return;
    const place = placeOf(times, next.request);
    times.arrivalMs[place] = next.arrivalMs;
    times.arrivalAttentionMs[place] = attentionAt(timeline, next.arrivalMs);
  }
}

/** Notes when a request ran first, −1 while it never ran, and how often it lost its pages. */
export function noteRequest(
  times: RequestTimes,
  o: { readonly index: number; readonly firstStep: number; readonly preemptions: number },
): void {
  const place = placeOf(times, o.index);
  times.firstSteps[place] = o.firstStep;
  times.preemptions[place] = o.preemptions;
}

/** Place of a request among the kept ones; makes room for it, so columns are looked up after it. */
function placeOf(times: RequestTimes, request: number): number {
  const place = request - times.base;
  if (place >= times.tokens.length) resizeColumns(times, COLUMNS, Math.max(64, 2 * place));
  return place;
}

/** Drops the requests before `base`. */
export function dropRequests(times: RequestTimes, base: number): void {
  dropPlaces(times, COLUMNS, base - times.base);
  times.base = base;
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
