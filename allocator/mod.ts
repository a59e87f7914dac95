/**
 * The head-wise page allocator: ids, head maps, block tables, page pools, requests and slots.
 *
 * {@linkcode createAllocator} makes a cache of one of the three layouts. A request takes a slot with
 * {@linkcode admit}, grows with {@linkcode extend}, gives the dead pages of its window heads back with
 * {@linkcode recycle}, and ends with {@linkcode release}. The folder depends on nothing else.
 *
 * @example A window head gives back the pages that it no longer sees
 * ```ts
 * import {
 *   admit, createAllocator, extend, headMapFromPattern, heldPages, recycle, toSlot,
 * } from "@headwise/headwise/allocator";
 * import assert from "node:assert/strict";
 *
 * const allocator = createAllocator({
 *   layout: "pooled",
 *   heads: headMapFromPattern({
 *     layers: 2, kvHeads: 4, pattern: "first", ratio: 0.75, windowTokens: 32, sinkTokens: 0,
 *   }),
 *   slots: 2,
 *   pagesPerHead: 64,
 *   pageSizeTokens: 16,
 *   modelLengthTokens: 512,
 *   recycle: true,
 *   pageOrder: { kind: "identity" },
 * });
 * const slot = toSlot(0, { limit: 2 });
 * assert.equal(admit(allocator, slot, 256).kind, "allocated");
 * assert.equal(heldPages(allocator, slot), 4 * 16);
 * // Three heads of four see the last 32 tokens: all but the last two of their sixteen pages die.
 * assert.equal(recycle(allocator, slot, { nextPositionTokens: 256, lengthTokens: 256 }), 3 * 14);
 * // The next token needs a page of every head, 15 more need none, and no request passes its model.
 * assert.deepEqual(extend(allocator, slot, 257), { kind: "allocated", pages: 4 });
 * assert.deepEqual(extend(allocator, slot, 272), { kind: "allocated", pages: 0 });
 * assert.equal(extend(allocator, slot, 513).kind, "refused");
 * ```
 *
 * @module
 */

export * from "./admission.ts";
export * from "./allocator.ts";
export {
  type BlockTable,
  createBlockTable,
  identityTable,
  idSpacePages,
  type Layout,
  rowOffset,
  TableError,
  type TableErrorCode,
  type TableShape,
} from "./block_table.ts";
export * from "./cache_format.ts";
export { type InFlightFence, StepError, type StepId } from "./fence.ts";
export { admit, extend, type GrowOptions, needsPages } from "./grow.ts";
export {
  countWindowHeads,
  type HeadKind,
  type HeadLayers,
  type HeadMap,
  HeadMapError,
  type HeadMapErrorCode,
  headMapFromLayers,
  headMapFromPattern,
  type HeadPattern,
  headWindows,
  type LayerGroupHeads,
  layersPerGroup,
} from "./head_map.ts";
export {
  type Head,
  HOLE,
  type IdLimit,
  type IdSpace,
  IdSpaceError,
  type LayerGroup,
  type Page,
  type PageKey,
  type Slot,
  slotsOf,
  toHead,
  toLayerGroup,
  toPageKey,
  toSlot,
} from "./ids.ts";
export * from "./inspect.ts";
export {
  AllocatorError,
  type AllocatorErrorCode,
  type AllocatorOptions,
  type ResolvedAllocatorOptions,
} from "./options.ts";
export * from "./outcome.ts";
export {
  checkHeldStretch,
  createPagePools,
  FREE_PAGE,
  freePage,
  type HeldPage,
  PageError,
  type PageErrorCode,
  type PageOrder,
  type PagePools,
  putPage,
  QUARANTINED_PAGE,
  takePage,
} from "./page_pool.ts";
export {
  createPrefixCache,
  type PrefixCache,
  type PrefixCacheOptions,
  type PrefixCandidate,
  type PrefixNode,
  type PrefixStatistics,
} from "./prefix_cache.ts";
export { canAdmitWithPrefix, evictPrefix } from "./prefix_evict.ts";
export { findPrefix, type PrefixMatch } from "./prefix_find.ts";
export * from "./prefix_request.ts";
export { validatePrefixCache } from "./prefix_validate.ts";
export { createRandom, type Random, shufflePermutation } from "./random.ts";
export * from "./rank_agreement.ts";
export { recycle, type RecyclePoint } from "./recycle.ts";
export { release } from "./release.ts";
export { condenseSlots, listActiveSlots, reorderSlots, swapSlots } from "./slots.ts";
export { beginStep, completeStep } from "./steps.ts";
export * from "./tensor_parallel.ts";
export { validateAllocator } from "./validate_allocator.ts";
export { type TableQuestion, validateTable, type Violation } from "./validate_table.ts";
export type { Bitmaps } from "./bitmap.ts";
