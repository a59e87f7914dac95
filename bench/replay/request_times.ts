/**
 * What is known of every request in milliseconds, in flat arrays. A replay is kept as step indices
 * until their times are known; this is what it comes to, for all of it at the end or, of a long one,
 * a stretch of steps at a time.
 */

import type { KeptSteps } from "./kept_steps.ts";
import { attentionAt, attentionUpTo, endOf, nowMs, startOf, type Timeline } from "./timeline.ts";
import type { GapClock } from "./token_gaps.ts";

/** [requests] each; NaN where it is not known. */
export interface RequestTimes {
  /** Start of the first step with the request in it. */
  readonly startedMs: Float64Array;
  /** End of the step of the first token. */
  readonly firstMs: Float64Array;
  /** End of the step of the last token so far. */
  readonly lastMs: Float64Array;
  /** Attention of all steps up to the arrival. */
  readonly arrivalAttentionMs: Float64Array;
  /** Attention of all steps up to and with that of the first token. */
  readonly firstAttentionMs: Float64Array;
  /** Attention of all steps up to and with that of the last token so far. */
  readonly lastAttentionMs: Float64Array;
  /** Arrivals of a closed loop or of turns, null where all requests have their own. */
  readonly arrivalMs: Float64Array | null;
  /** Tokens so far. */
  readonly tokens: Int32Array;
  /** Requests, in the order of arrival, whose arrival is behind the timed steps. */
  arrivalsKnown: number;
}

/** Creates times of which nothing is known. */
export function createRequestTimes(requests: number, hasOtherArrivals: boolean): RequestTimes {
  const unknown = (): Float64Array => new Float64Array(requests).fill(NaN);
  return {
    startedMs: unknown(),
    firstMs: unknown(),
    lastMs: unknown(),
    arrivalAttentionMs: unknown(),
    firstAttentionMs: unknown(),
    lastAttentionMs: unknown(),
    arrivalMs: hasOtherArrivals ? unknown() : null,
    tokens: new Int32Array(requests),
    arrivalsKnown: 0,
  };
}

/**
 * Takes over what the kept steps tell.
 *
 * @param times Overwritten where the steps tell more.
 * @param log Kept steps; all of them have times.
 * @param o Requests that may have been started in them, and whether no more steps follow.
 */
export function takeTimes(
  times: RequestTimes,
  log: KeptSteps,
  o: { readonly started: Iterable<number>; readonly isEnd: boolean },
): void {
  const { timeline, tokens, firstSteps } = log;
  takeArrivals(times, log, o.isEnd);
  for (const request of o.started) {
    const step = firstSteps[request];
    if (step >= timeline.base) times.startedMs[request] = startOf(timeline, step);
  }
  for (const request of tokens.touched) {
    const first = tokens.step[tokens.firstRun[request]];
    const lastRun = tokens.lastRun[request];
    const last = tokens.step[lastRun] + tokens.steps[lastRun] - 1;
    if (Number.isNaN(times.firstMs[request])) {
      times.firstMs[request] = endOf(timeline, first);
      times.firstAttentionMs[request] = attentionUpTo(timeline, first);
    }
    times.lastMs[request] = endOf(timeline, last);
    times.lastAttentionMs[request] = attentionUpTo(timeline, last);
    for (let run = tokens.firstRun[request]; run >= 0; run = tokens.next[run]) {
      times.tokens[request] += tokens.steps[run] * tokens.tokens[run];
    }
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
    times.arrivalAttentionMs[request] = attentionAt(timeline, arrivalMs);
    if (times.arrivalMs !== null) times.arrivalMs[request] = arrivalMs;
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

/** Whole steps, and attention alone. */
export function gapClocks(
  { endMs, attentionUpToMs }: Timeline,
  times: RequestTimes,
): { readonly whole: GapClock; readonly attention: GapClock } {
  return {
    whole: { atMs: endMs, beforeMs: times.lastMs },
    attention: { atMs: attentionUpToMs, beforeMs: times.lastAttentionMs },
  };
}
