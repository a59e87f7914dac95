/** What a replay refuses before it starts and after it has ended. */

import { validateAllocator } from "../../allocator/mod.ts";
import type { TraceRequest } from "../../fixtures/mod.ts";
import { BenchError, optionError } from "../result/mod.ts";
import type { Scheduler } from "../scheduler/mod.ts";
import type { RequestSequence } from "./request_sequence.ts";

/** Refuses pools that a replay has left inconsistent. */
export function refuseLeaks(scheduler: Scheduler): void {
  for (const allocator of scheduler.ranks.all) {
    const violations = validateAllocator(allocator);
    if (violations.length === 0) continue;
    throw new BenchError(
      "bench/allocator",
      `Cannot trust the replay: its pools are inconsistent (${violations[0].clause}): ` +
        `${violations[0].message}`,
    );
  }
}

/** Refuses a turn that follows a request that does not stand before it, or one in a closed loop. */
export function refuseTurn(
  index: number,
  after: NonNullable<TraceRequest["after"]>,
  closedLoop: boolean,
): void {
  const { request, delayMs } = after;
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

/** Refuses requests that do not stand in the order of their arrivals, or arrive at no time. */
export function refuseDisorder(requests: RequestSequence): void {
  let before = 0;
  for (let index = 0; index < requests.length; index++) {
    const { id, arrivalMs } = requests.at(index)!;
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
    before = arrivalMs;
  }
}
