/**
 * The head-wise page allocator: ids, head maps, block tables, page pools, requests and slots.
 *
 * @module
 */
export * from "./admission.ts";
export * from "./allocator.ts";
export * from "./block_table.ts";
export * from "./debug.ts";
export * from "./fence.ts";
export * from "./foreign_table.ts";
export * from "./grow.ts";
export * from "./head_map.ts";
export * from "./ids.ts";
export * from "./inspect.ts";
export * from "./layer_group.ts";
export * from "./min_heap.ts";
export * from "./options.ts";
export * from "./outcome.ts";
export * from "./page_pool.ts";
export {
  createPrefixCache,
  type PrefixCache,
  type PrefixCacheOptions,
  type PrefixCandidate,
  type PrefixNode,
  type PrefixStatistics,
} from "./prefix_cache.ts";
export { evictPrefix } from "./prefix_evict.ts";
export { findPrefix, type PrefixMatch } from "./prefix_find.ts";
export * from "./prefix_request.ts";
export { canAdmitWithPrefix } from "./prefix_room.ts";
export { validatePrefixCache } from "./prefix_validate.ts";
export * from "./random.ts";
export * from "./rank_agreement.ts";
export * from "./recycle.ts";
export * from "./release.ts";
export * from "./slots.ts";
export * from "./steps.ts";
export * from "./tensor_parallel.ts";
export * from "./validate_allocator.ts";
export * from "./validate_table.ts";
