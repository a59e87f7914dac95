/**
 * Arrivals where a request may follow the answer of another, as the turns of a session do. When such
 * a request arrives is known with the time of the step that ended the turn before.
 */

import { refuseTurn } from "./refusals.ts";
import type { RequestSequence } from "./request_sequence.ts";
import { nowMs, type Timeline } from "./timeline.ts";

/** Arrivals as far as they are known. */
export interface Turns {
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
 * Looks up who follows whom.
 *
 * @param requests Requests in the order of their earliest arrivals.
 * @returns The arrivals, or null where no request waits for another.
 * @throws {BenchError} When a request follows one that does not stand before it, or in a closed loop.
 */
export function createTurns(requests: RequestSequence, closedLoop: boolean): Turns | null {
  const followers = new Map<number, number[]>();
  for (let request = 0; request < requests.length; request++) {
    const { after } = requests.at(request)!;
    if (after === undefined) continue;
    refuseTurn(request, after, closedLoop);
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

/** Notes that a request ended with a step, served or not. */
export function noteEnd(turns: Turns, request: number, step: number): void {
  if (turns.followers.has(request)) turns.ended.push({ request, step });
}

/** Puts requests in order that arrive by `untilMs`; every timed step's ends count. */
export function orderArrivals(
  turns: Turns,
  o: { readonly requests: RequestSequence; readonly timeline: Timeline; readonly untilMs: number },
): void {
  takeEnds(turns, o);
  for (let next = nextArrival(turns, o.requests); next !== null && next.ms <= o.untilMs;) {
    if (next.isOwn) turns.own++;
    else turns.ahead.pop();
    turns.arrivalMs[next.request] = next.ms;
    turns.order[turns.known++] = next.request;
    next = nextArrival(turns, o.requests);
  }
}

/**
 * When the next request arrives at the earliest, Infinity while no arrival is known. A step without a
 * time may have ended a turn that others wait for: −Infinity then.
 */
export function nextArrivalMs(
  { turns, arrived, options: { requests } }: {
    readonly turns: Turns | null;
    readonly arrived: number;
    readonly options: { readonly requests: RequestSequence };
  },
): number {
  if (turns === null) return requests.at(arrived)!.arrivalMs;
  if (turns.ended.length > 0) return -Infinity;
  return arrived < turns.known
    ? turns.arrivalMs[turns.order[arrived]]
    : nextArrival(turns, requests)?.ms ?? Infinity;
}

function takeEnds(
  turns: Turns,
  { requests, timeline }: { readonly requests: RequestSequence; readonly timeline: Timeline },
): void {
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
function nextArrival(
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
