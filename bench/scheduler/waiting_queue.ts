/**
 * Requests that wait, first come first served. What was preempted goes back to the front. A ring
 * that doubles when it is full: both ends in O(1), nothing allocated in between.
 */

import type { LiveRequest } from "./live_request.ts";

/** A queue of requests. */
export interface WaitingQueue {
  /** Requests in it. */
  readonly length: () => number;
  /** Adds an arrival. */
  readonly pushBack: (request: LiveRequest) => void;
  /** Adds a request that is served before all others. */
  readonly pushFront: (request: LiveRequest) => void;
  /** The next request, null of an empty queue. */
  readonly front: () => LiveRequest | null;
  /** Takes the next request, null of an empty queue. */
  readonly popFront: () => LiveRequest | null;
  /** Takes a request from anywhere; false when it is not there. O(length). */
  readonly remove: (request: LiveRequest) => boolean;
  /** All requests, front first. */
  readonly list: () => LiveRequest[];
}

/** Creates an empty queue. */
export function createWaitingQueue(): WaitingQueue {
  let ring: (LiveRequest | null)[] = new Array(16).fill(null);
  let head = 0;
  let length = 0;
  const place = (index: number): number => (head + index) & (ring.length - 1);
  const grow = (): void => {
    const longer: typeof ring = new Array(ring.length * 2).fill(null);
    for (let i = 0; i < length; i++) longer[i] = ring[place(i)];
    ring = longer;
    head = 0;
  };
  const list = (): LiveRequest[] => Array.from({ length }, (_, index) => ring[place(index)]!);
  return {
    length: () => length,
    pushBack(request): void {
      if (length === ring.length) grow();
      ring[place(length++)] = request;
    },
    pushFront(request): void {
      if (length === ring.length) grow();
      head = (head - 1) & (ring.length - 1);
      ring[head] = request;
      length++;
    },
    front: () => length === 0 ? null : ring[head],
    popFront(): LiveRequest | null {
      if (length === 0) return null;
      const request = ring[head];
      ring[head] = null;
      head = (head + 1) & (ring.length - 1);
      length--;
      return request;
    },
    remove(request): boolean {
      const kept = list().filter((other) => other !== request);
      if (kept.length === length) return false;
      ring.fill(null);
      kept.forEach((other, index) => ring[index] = other);
      head = 0;
      length = kept.length;
      return true;
    },
    list,
  };
}
