import { type CacheAllocator, checkActiveSlot } from "./allocator.ts";
import { assertValid } from "./debug.ts";
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
 *
 * @example All pages are back
 * ```ts
 * import { admit, availability, createAllocator, headMapFromPattern, release, toSlot } from "@headwise/headwise/allocator";
 * import assert from "node:assert/strict";
 *
 * const allocator = createAllocator({
 *   layout: "headwise",
 *   heads: headMapFromPattern({
 *     layers: 1, kvHeads: 2, pattern: "first", ratio: 0.5, windowTokens: 17, sinkTokens: 0,
 *   }),
 *   slots: 1,
 *   pagesPerHead: 4,
 *   pageSizeTokens: 16,
 *   modelLengthTokens: 64,
 *   recycle: true,
 *   pageOrder: { kind: "identity" },
 * });
 * const slot = toSlot(0, { limit: 1 });
 * admit(allocator, slot, 32);
 * assert.equal(availability(allocator), 0.5);
 * assert.equal(release(allocator, slot), 4);
 * assert.equal(availability(allocator), 1);
 * ```
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
