import { type CacheAllocator, checkActiveSlot } from "./allocator.ts";
import { assertValid } from "./validate_allocator.ts";
import type { Slot } from "./ids.ts";
import { AllocatorError } from "./options.ts";
import { freeColumns } from "./row_pages.ts";

/** Where a request stands when it asks to recycle. */
export interface RecyclePoint {
  /** The smallest position still to be computed: a chunk's start, or the earliest draft token. */
  readonly nextPositionTokens: number;
  /** The request's total length. */
  readonly lengthTokens: number;
}

/**
 * Frees the pages of window heads that every future query's mask hides: page i is dead when
 * i ≥ ceil(S/P) and (i+1)·P ≤ nextPosition − W + 1. It acts only when the total length is a
 * multiple of P, so that it never races the page being written; between boundaries, and with
 * recycling off, it does nothing. In the uniform layout a page holds all heads, so it is freed
 * only where every head keeps a window.
 *
 * Call it before {@link extend} at a boundary: then a window head holds at most
 * ceil((W−1)/P) + 1 pages beside its sink pages while it decodes.
 *
 * @returns Pages that the request let go, over all window heads; they pass the in-flight fence, but
 *   for those that a prefix cache or another request still holds.
 * @throws {AllocatorError} `slot/empty`; `position/invalid` when the position lies past the length
 *   or the length past the pages held.
 * @throws {PageError} When the table names a page that the slot does not hold; nothing changes.
 */
export function recycle(a: CacheAllocator, slot: Slot, o: RecyclePoint): number {
  checkActiveSlot(a, slot);
  const { nextPositionTokens, lengthTokens } = o;
  const { pageSizeTokens, heads } = a.options;
  const s = a.state;
  const plausible = Number.isInteger(nextPositionTokens) && Number.isInteger(lengthTokens) &&
    nextPositionTokens >= 0 && nextPositionTokens <= lengthTokens &&
    lengthTokens <= s.columnsHeld[slot] * pageSizeTokens;
  if (!plausible) {
    throw new AllocatorError(
      "position/invalid",
      { slot, nextPositionTokens, lengthTokens },
      `Cannot recycle slot "${slot}" at position "${nextPositionTokens}" of length ` +
        `"${lengthTokens}": give 0 ≤ position ≤ length ≤ ` +
        `${s.columnsHeld[slot] * pageSizeTokens} tokens, what the slot's pages hold`,
    );
  }
  if (!a.options.recycle || s.windowRows === 0) return 0;
  if (lengthTokens % pageSizeTokens !== 0) return 0;
  const first = Math.max(s.sinkPages, s.recycledUpTo[slot]);
  const behind = nextPositionTokens - heads.windowTokens + 1;
  if (behind <= 0) return 0;
  const end = behind / pageSizeTokens | 0;
  if (end <= first) return 0;

  const pages = freeColumns(a, slot, first, end - first, 0, true);
  s.recycledUpTo[slot] = end;
  s.nextPositions[slot] = nextPositionTokens;
  s.lengthsTokens[slot] = lengthTokens;
  if (a.options.debug) assertValid(a, "recycle");
  return pages;
}
