/** An open loop: requests are sent when they are due, whether or not earlier ones have ended. */

import type { TraceRequest } from "../../fixtures/mod.ts";
import type { LiveClient, LiveRecord } from "./live_types.ts";
import { sendRequest } from "./send_request.ts";

/** One replay against one server. */
export interface OpenLoopOptions extends LiveClient {
  /** Requests in arrival order. */
  readonly requests: readonly TraceRequest[];
  /** Called whenever a request ends, with the number of those that did. */
  readonly onDone?: (done: number) => void;
}

/** What a replay leaves behind. */
export interface OpenLoopLog {
  /** The course of every request, in the order of the requests. */
  readonly records: readonly LiveRecord[];
  /** Most requests under way at once. */
  readonly peakInFlight: number;
}

/**
 * Replays the requests; each one is due at its arrival, scaled, after the start of the replay, or so
 * long after the end of the request that it follows.
 */
export async function runOpenLoop(o: OpenLoopOptions): Promise<OpenLoopLog> {
  const { requests, settings } = o;
  const startMs = performance.now();
  const nowMs = (): number => performance.now() - startMs;
  const records: LiveRecord[] = [];
  const underWay = new Set<Promise<void>>();
  const abort = new AbortController();
  const signal = AbortSignal.any([o.signal, abort.signal]);
  const gate = createGate(settings.maxInFlight);
  let peakInFlight = 0;
  let done = 0;
  let fault: unknown = null;
  const ends: Promise<void>[] = [];
  const send = async (index: number, scheduledMs: number): Promise<void> => {
    await gate.enter();
    try {
      peakInFlight = Math.max(peakInFlight, gate.inside());
      signal.throwIfAborted();
      records[index] = await sendRequest(requests[index], { ...o, signal, scheduledMs, nowMs });
      o.onDone?.(++done);
    } catch (error) {
      // What is no failure of the server ends the whole replay, such as a missing permission.
      fault ??= error;
      abort.abort();
    } finally {
      gate.leave();
    }
  };
  const sendAt = async (index: number, scheduledMs: number): Promise<void> => {
    await sleepUntil(scheduledMs, { nowMs, signal });
    await send(index, scheduledMs);
  };
  for (let index = 0; index < requests.length && !signal.aborted; index++) {
    const { after, arrivalMs } = requests[index];
    // A turn follows the answer of the one before, however long that took; others go on meanwhile.
    const sent = after === undefined
      ? sendAt(index, arrivalMs * settings.timeScale)
      : ends[after.request].then(() => sendAt(index, nowMs() + after.delayMs * settings.timeScale));
    if (after === undefined) await sleepUntil(arrivalMs * settings.timeScale, { nowMs, signal });
    const sending = sent.finally(() => underWay.delete(sending));
    ends[index] = sending;
    underWay.add(sending);
  }
  await Promise.all(underWay);
  o.signal.throwIfAborted();
  if (fault !== null) throw fault;
  return { records, peakInFlight };
}

/** Lets so many in at once, the others in the order in which they came. */
function createGate(most: number): {
  enter: () => Promise<void>;
  leave: () => void;
  inside: () => number;
} {
  const waiting: (() => void)[] = [];
  let inside = 0;
  return {
    enter(): Promise<void> {
      if (inside < most) {
        inside++;
        return Promise.resolve();
      }
      return new Promise((resolve) => waiting.push(resolve));
    },
    leave(): void {
      const next = waiting.shift();
      if (next === undefined) inside--;
      else next();
    },
    inside: () => inside,
  };
}

/** Waits for a time of the replay; returns early when the replay is stopped. */
export function sleepUntil(
  timeMs: number,
  o: { readonly nowMs: () => number; readonly signal: AbortSignal },
): Promise<void> {
  const leftMs = timeMs - o.nowMs();
  if (leftMs <= 0 || o.signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      o.signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, leftMs);
    o.signal.addEventListener("abort", finish);
  });
}
