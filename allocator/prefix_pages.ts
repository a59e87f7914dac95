/**
 * Pages with several holders. A page that a request took is its own until a prefix cache takes a
 * share in it; from then on its holders, rows and cache nodes alike, are counted, and it is freed
 * with the last one.
 *
 * Hot paths: arguments are positional, since an options object per page would be garbage.
 *
 * @module
 */
import type { CacheAllocator } from "./allocator.ts";
import { holdPage } from "./fence.ts";
import type { PageKey } from "./ids.ts";
import { putPage, QUARANTINED_PAGE, SHARED_PAGE } from "./page_pool.ts";

/** Adds a holder to a page that is held already. */
export function addHolder(a: CacheAllocator, key: PageKey): void {
  const { owners, references } = a.state.pools;
  if (references === null) return;
  references[key] = owners[key] === SHARED_PAGE ? references[key] + 1 : 2;
  owners[key] = SHARED_PAGE;
}

/**
 * Takes a holder from a page; with the last one the page is freed through the in-flight fence.
 *
 * @param isWindow Whether a window head holds it: 1 or 0.
 */
export function dropHolder(a: CacheAllocator, key: PageKey, isWindow: number): void {
  const { pools, fence, counts } = a.state;
  if (pools.references !== null && pools.owners[key] === SHARED_PAGE) {
    pools.references[key]--;
    if (pools.references[key] > 0) return;
  }
  if (holdPage(fence, key)) pools.owners[key] = QUARANTINED_PAGE;
  else putPage(pools, key);
  if (isWindow === 1) counts.windowHeadPages--;
  else counts.fullHeadPages--;
}
