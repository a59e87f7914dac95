import { type CacheAllocator, checkActiveSlot } from "./allocator.ts";
import { assertValid } from "./validate_allocator.ts";
import type { Slot } from "./ids.ts";
import { freeColumns } from "./row_pages.ts";

/**
 * Ends a request: finish, abort and preemption alike. Exactly the ids ≥ 0 of every head go back
 * (through the in-flight fence), the row becomes all holes and the slot is empty.
 *
 * @returns Pages that the request let go, over all heads; shared ones are freed with their last
 *   holder.
 * @throws {AllocatorError} `slot/empty` when the slot holds none, so also at a second release.
 * @throws {PageError} When the table names a page that the slot does not hold, or lacks one that
 *   it holds; nothing changes.
 */
export function release(a: CacheAllocator, slot: Slot): number {
  checkActiveSlot(a, slot);
  const s = a.state;
  const holes = Math.max(0, s.recycledUpTo[slot] - s.sinkPages);
  const pages = freeColumns(a, slot, 0, s.columnsHeld[slot], holes, false);
  s.active[slot] = 0;
  s.lengthsTokens[slot] = 0;
  s.columnsHeld[slot] = 0;
  s.recycledUpTo[slot] = 0;
  s.nextPositions[slot] = 0;
  if (a.options.debug) assertValid(a, "release");
  return pages;
}
