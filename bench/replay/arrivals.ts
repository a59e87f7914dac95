/**
 * When requests arrive: at times of their own; after the answer of another, as the turns of a session
 * do, which is known with the time of the step that ended the turn before; or in a closed loop, where
 * each that ends brings the next.
 */

import type { TraceRequest } from "../../fixtures/mod.ts";
import { optionError } from "../result/mod.ts";
import { nowMs, type Timeline } from "./timeline.ts";

/** Requests by their index: an array, or what makes them one by one. */
export interface RequestSequence {
  readonly length: number;
  /** The request at an index; requests are in arrival order. */
  readonly at: (index: number) => TraceRequest | undefined;
}

/** Arrivals as far as they are known. */
export interface Arrivals {
  /** Requests in the order of their earliest arrivals. */
  readonly requests: RequestSequence;
  /** Requests that wait for the end of another one; null where none does. */
  readonly turns: Turns | null;
  /** Null where requests arrive by time. */
  readonly loop: ClosedLoop | null;
  /** Requests that have arrived. */
  taken: number;
}

interface ClosedLoop {
  /** Requests under way at once. */
  readonly concurrency: number;
  /** [requests] steps before each arrival, −1 while that is not known. */
  readonly steps: Int32Array;
}

interface Turns {
  /** [requests] when each arrives, NaN while that is not known. */
  readonly arrivalMs: Float64Array;
  /** Requests in the order of their arrival; the first `known` have been put in order. */
  readonly order: Int32Array;
  /** Requests in order. */
  known: number;
  /** Requests that wait for the end of another one. */
  readonly followers: ReadonlyMap<number, readonly number[]>;
  /** Ends of turns whose time is not known yet. */
  readonly ended: { readonly request: number; readonly step: number }[];
  /** Requests whose arrival is known and lies ahead, the last one being the next. */
  readonly ahead: number[];
  /** Requests, from the first on, that wait for no other and are in order or come next. */
  own: number;
}

/**
 * Arrivals of which none has been taken in.
 *
 * @param concurrency Requests under way at once in a closed loop, null for arrivals by time.
 * @throws {BenchError} See {@linkcode refuseDisorder}.
 */
export function createArrivals(requests: RequestSequence, concurrency: number | null): Arrivals {
  refuseDisorder(requests, concurrency !== null);
  const steps = new Int32Array(concurrency === null ? 0 : requests.length).fill(-1);
  return {
    requests,
    turns: createTurns(requests),
    loop: concurrency === null ? null : { concurrency, steps },
    taken: 0,
  };
}

function createTurns(requests: RequestSequence): Turns | null {
  const followers = new Map<number, number[]>();
  for (let request = 0; request < requests.length; request++) {
    const { after } = requests.at(request)!;
    if (after === undefined) continue;
    const beside = followers.get(after.request);
    if (beside === undefined) followers.set(after.request, [request]);
    else beside.push(request);
  }
  if (followers.size === 0) return null;
  return {
    arrivalMs: new Float64Array(requests.length).fill(NaN),
    order: new Int32Array(requests.length),
    known: 0,
    followers,
    ended: [],
    ahead: [],
    own: 0,
  };
}

/** What the planning of a step knows. */
export interface PlanningMoment {
  readonly timeline: Timeline;
  /** When it is planned, in milliseconds. */
  readonly nowMs: number;
  /** The step before which requests arrive that follow others in a closed loop. */
  readonly step: number;
  /** Requests that have ended. */
  readonly ended: number;
}

/** Takes the next request in; gives its index, or null where it has not arrived. */
export function takeArrival(arrivals: Arrivals, o: PlanningMoment): number | null {
  const { requests, turns, loop, taken } = arrivals;
  if (taken === requests.length) return null;
  if (loop !== null) {
    if (taken >= loop.concurrency + o.ended) return null;
    loop.steps[taken] = o.step;
  } else {
    orderArrivals(arrivals, o.timeline, o.nowMs);
    if (nextArrivalMs(arrivals) > o.nowMs) return null;
  }
  arrivals.taken++;
  return turns === null ? taken : turns.order[taken];
}

/** Notes that a request ended with a step, served or not. */
export function noteEnd({ turns }: Arrivals, request: number, step: number): void {
  if (turns?.followers.has(request)) turns.ended.push({ request, step });
}

/** Puts turns in order that arrive by `untilMs`; every timed step's ends count. */
export function orderArrivals(
  { turns, requests }: Arrivals,
  timeline: Timeline,
  untilMs: number,
): void {
  if (turns === null) return;
  takeEnds(turns, requests, timeline);
  let next = nextTurn(turns, requests);
  while (next !== null && next.ms <= untilMs) {
    if (next.isOwn) turns.own++;
    else turns.ahead.pop();
    turns.arrivalMs[next.request] = next.ms;
    turns.order[turns.known++] = next.request;
    next = nextTurn(turns, requests);
  }
}

/**
 * When the next request arrives at the earliest, Infinity while no arrival is known. A step without a
 * time may have ended a turn that others wait for: −Infinity then.
 */
export function nextArrivalMs({ turns, taken, requests }: Arrivals): number {
  if (turns === null) return requests.at(taken)!.arrivalMs;
  if (turns.ended.length > 0) return -Infinity;
  return taken < turns.known
    ? turns.arrivalMs[turns.order[taken]]
    : nextTurn(turns, requests)?.ms ?? Infinity;
}

/**
 * The request at a place in the order of arrival, and when it arrived: by its own time, after another,
 * or with the end of a step. Null while that is not known.
 */
export function arrivalAt(
  { turns, loop, requests }: Arrivals,
  place: number,
  timeline: Timeline,
): { readonly request: number; readonly arrivalMs: number } | null {
  if (place >= (turns?.known ?? requests.length)) return null;
  if (turns !== null) {
    return { request: turns.order[place], arrivalMs: turns.arrivalMs[turns.order[place]] };
  }
  if (loop === null) return { request: place, arrivalMs: requests.at(place)!.arrivalMs };
  const step = loop.steps[place];
  const arrivalMs = step < 0 ? Infinity : nowMs(timeline, Math.min(step, timeline.timed));
  return { request: place, arrivalMs };
}

function takeEnds(turns: Turns, requests: RequestSequence, timeline: Timeline): void {
  // Ends are noted step by step.
  while (turns.ended.length > 0 && turns.ended[0].step < timeline.timed) {
    const { request, step } = turns.ended.shift()!;
    // A request that is refused as it arrives ends no earlier than that.
    const endMs = Math.max(nowMs(timeline, step + 1), turns.arrivalMs[request]);
    for (const follower of turns.followers.get(request)!) {
      insertAhead(turns, follower, endMs + requests.at(follower)!.after!.delayMs);
    }
  }
}

function insertAhead({ ahead, arrivalMs }: Turns, request: number, ms: number): void {
  arrivalMs[request] = ms;
  let [low, high] = [0, ahead.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const isLater = arrivalMs[ahead[middle]] - ms || ahead[middle] - request;
    if (isLater > 0) low = middle + 1;
    else high = middle;
  }
  ahead.splice(low, 0, request);
}

/** The earliest of what is known, at one moment the request with the lower index. */
function nextTurn(
  turns: Turns,
  requests: RequestSequence,
): { readonly request: number; readonly ms: number; readonly isOwn: boolean } | null {
  while (turns.own < requests.length && requests.at(turns.own)!.after !== undefined) turns.own++;
  const own = turns.own < requests.length ? requests.at(turns.own)!.arrivalMs : Infinity;
  const waiting = turns.ahead.at(-1);
  const waitingMs = waiting === undefined ? Infinity : turns.arrivalMs[waiting];
  if (own === Infinity && waiting === undefined) return null;
  return waiting === undefined || own < waitingMs || (own === waitingMs && turns.own < waiting)
    ? { request: turns.own, ms: own, isOwn: true }
    : { request: waiting, ms: waitingMs, isOwn: false };
}

/**
 * Refuses requests that do not stand in the order of their arrivals, arrive at no time, or follow one
 * that does not stand before them, or any in a closed loop.
 *
 * @throws {BenchError} What is wrong with the first such request.
 */
export function refuseDisorder(requests: RequestSequence, closedLoop: boolean): void {
  let before = 0;
  for (let index = 0; index < requests.length; index++) {
    const { id, arrivalMs, after } = requests.at(index)!;
    if (!Number.isFinite(arrivalMs)) {
      throw optionError(
        `Cannot replay request ${id}: it arrives at ${arrivalMs} ms; give a finite number`,
      );
    }
    if (arrivalMs < before) {
      throw optionError(
        `Cannot replay request ${id}: it arrives at ${arrivalMs} ms, before its predecessor at ` +
          `${before} ms; sort the requests by arrival`,
      );
    }
    if (after !== undefined) refuseTurn(index, after, closedLoop);
    before = arrivalMs;
  }
}

function refuseTurn(
  index: number,
  { request, delayMs }: NonNullable<TraceRequest["after"]>,
  closedLoop: boolean,
): void {
  const stands = Number.isInteger(request) && request >= 0 && request < index;
  if (!(stands && delayMs >= 0 && Number.isFinite(delayMs))) {
    throw optionError(
      `Cannot replay request ${index}: it follows request ${request} by ${delayMs} ms; a turn ` +
        `follows a request that stands before it, by 0 ms or more`,
    );
  }
  if (!closedLoop) return;
  throw optionError(
    `Cannot replay request ${index} in a closed loop: it follows request ${request}; give ` +
      `arrivals, or requests that follow no other`,
  );
}
