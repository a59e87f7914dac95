/**
 * How many requests one step takes in, by the share of free pages that the engine believes in.
 * Engines pace admission by that figure, so a wrong reading of it delays requests that the pools
 * could hold: the known ways to read it wrongly are here to be switched on.
 */

import { availability, type CacheAllocator, pageStatistics } from "../../allocator/mod.ts";
import type { AvailabilityReading } from "../result/mod.ts";
import type { Scheduler } from "./scheduler.ts";

/**
 * Reads the share of free pages rightly or in one of the known wrong ways.
 *
 * @returns In [0, 1] when read rightly; `mixed-units` falls below 0.
 */
export function readAvailability(allocator: CacheAllocator, reading: AvailabilityReading): number {
  const share = availability(allocator);
  switch (reading) {
    case "pools":
      return share;
    case "emptied-list":
      return 0;
    case "integer-division":
      return Math.floor(share);
    case "mixed-units": {
      const { capacityPages, freePages } = pageStatistics(allocator);
      return 1 - (capacityPages - freePages) / allocator.options.pagesPerHead;
    }
  }
}

/**
 * Whether a step that has admitted so many requests may admit one more, of `pages` pages. What
 * the reading promises is its share of all pages; the first request of a step is always tried, or
 * a wrong reading would stop the engine for ever. Read rightly it holds back nothing that the pools
 * have room for.
 */
export function isWithinAvailability(
  { availability: reading, ranks }: Pick<Scheduler, "availability" | "ranks">,
  o: { readonly admitted: number; readonly pages: number },
): boolean {
  if (reading === "pools" || o.admitted === 0) return true;
  const { measured } = ranks;
  const promised = readAvailability(measured, reading) * pageStatistics(measured).capacityPages;
  return o.pages <= promised;
}
