import type { CacheAllocator } from "./allocator.ts";
import { assertValid } from "./validate_allocator.ts";
import {
  beginFenceStep,
  completeFenceStep,
  countSettledPages,
  dropSettledPages,
  type StepId,
} from "./fence.ts";
import { putPages } from "./page_pool.ts";

/** Opens a step. Pages freed while it is open are handed out again only after it has completed. */
export function beginStep(a: CacheAllocator): StepId {
  return beginFenceStep(a.state.fence);
}

/**
 * Closes a step, in any order, and lets the pages go that waited for nothing else.
 *
 * @throws {StepError} When the step is not open; nothing changes.
 */
export function completeStep(a: CacheAllocator, step: StepId): void {
  completeFenceStep(a.state.fence, step);
  const { fence, pools } = a.state;
  for (let count = countSettledPages(fence); count > 0; count = countSettledPages(fence)) {
    const { keys, head } = fence;
    const pool = Math.floor(keys[head] / pools.pagesPerPool);
    const [first, end] = [pool * pools.pagesPerPool, (pool + 1) * pools.pagesPerPool];
    let ofPool = 1;
    while (ofPool < count && keys[head + ofPool] >= first && keys[head + ofPool] < end) ofPool++;
    putPages(pools, pool, keys, head, ofPool, 0);
    dropSettledPages(fence, ofPool);
  }
  if (a.options.debug) assertValid(a, "completeStep");
}
