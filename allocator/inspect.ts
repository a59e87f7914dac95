import type { CacheAllocator, HeldCounts } from "./allocator.ts";
import { type Head, type LayerGroup, type Slot, toHead, toLayerGroup } from "./ids.ts";

/** A head of a layer group. */
export interface HeadPlace {
  /** Layer group g. */
  readonly group: LayerGroup;
  /** KV head h of the rank. */
  readonly head: Head;
}

/**
 * The share of pages that are free: Σ free over the pools in use / Σ capacity, a real number.
 * Pages that wait for a step in flight are not free.
 */
export function availability(a: CacheAllocator): number {
  return freePages(a) / (a.state.pools.pools * a.state.pools.pagesPerPool);
}

/**
 * Counts free pages: of one head's pool, or of all pools. Where one pool serves all heads, every
 * head has the same answer.
 *
 * @param place A head, or nothing for the sum over all pools.
 * @returns Free pages; pages that wait for a step in flight are not free.
 * @throws {IdSpaceError} When the table has no such group or head.
 */
export function freePages(a: CacheAllocator, place?: HeadPlace): number {
  const { freeCounts } = a.state.pools;
  if (place !== undefined) return freeCounts[a.state.rowPools[rowOf(a, place)]];
  let free = 0;
  for (let pool = 0; pool < freeCounts.length; pool++) free += freeCounts[pool];
  return free;
}

/**
 * Counts the pages that a slot holds: of one head, or over all rows of its table. O(1).
 *
 * @param place A head, or nothing for the sum; in the uniform layout all heads share one row.
 * @returns Held pages; 0 for an empty slot.
 * @throws {IdSpaceError} When the table has no such group or head.
 */
export function heldPages(a: CacheAllocator, slot: Slot, place?: HeadPlace): number {
  const s = a.state;
  const fullPages = s.columnsHeld[slot];
  const windowPages = fullPages - Math.max(0, s.recycledUpTo[slot] - s.sinkPages);
  if (place !== undefined) return s.rowIsWindow[rowOf(a, place)] === 1 ? windowPages : fullPages;
  return windowPages * s.windowRows + fullPages * (s.rows - s.windowRows);
}

/**
 * The columns of a slot: pages of a full head, holes of a window head included. O(1).
 *
 * @returns Allocated columns; 0 for an empty slot.
 */
export function allocatedColumns(a: CacheAllocator, slot: Slot): number {
  return a.state.columnsHeld[slot];
}

/**
 * The length of a slot's request as the allocator was last told it, by admission, growth or
 * recycling.
 *
 * @returns Tokens; 0 for an empty slot.
 */
export function slotLengthTokens(a: CacheAllocator, slot: Slot): number {
  return a.state.lengthsTokens[slot];
}

/** Where an allocator's pages are, and the most that were held at once. */
export interface PageStatistics extends Readonly<HeldCounts> {
  /** Pages of all pools. */
  readonly capacityPages: number;
  /** Pages that can be handed out now. */
  readonly freePages: number;
  /** Freed pages that wait for a step in flight. */
  readonly quarantinedPages: number;
}

/**
 * Counts free, waiting and held pages, and the peaks since the allocator was created.
 *
 * @returns The counts; free + quarantined + held = capacity.
 */
export function pageStatistics(a: CacheAllocator): PageStatistics {
  return {
    capacityPages: a.state.pools.pools * a.state.pools.pagesPerPool,
    freePages: freePages(a),
    quarantinedPages: a.state.fence.waiting,
    ...a.state.counts,
  };
}

function rowOf(a: CacheAllocator, place: HeadPlace): number {
  const { kvHeads, groups } = a.options.heads;
  toLayerGroup(place.group, { limit: groups.length });
  toHead(place.head, { limit: kvHeads });
  return a.options.layout === "uniform" ? 0 : place.group * kvHeads + place.head;
}
