/** What a replay refuses before it starts and after it has ended. */

import { validateAllocator } from "../../allocator/mod.ts";
import { BenchError } from "../result/mod.ts";
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

/** Refuses requests that do not stand in the order of their arrivals. */
export function refuseDisorder(requests: RequestSequence): void {
  let before = 0;
  for (let index = 0; index < requests.length; index++) {
    const { id, arrivalMs } = requests.at(index)!;
    if (arrivalMs < before) {
      throw new BenchError(
        "bench/option",
        `Cannot replay request ${id}: it arrives at ${arrivalMs} ms, before its predecessor at ` +
          `${before} ms; sort the requests by arrival`,
      );
    }
    before = arrivalMs;
  }
}
