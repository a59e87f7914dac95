import type { CacheAllocator } from "./allocator.ts";
import { assertValid } from "./debug.ts";
import { beginFenceStep, completeFenceStep, nextSettledPage, type StepId } from "./fence.ts";
import { putPage } from "./page_pool.ts";

/**
 * Opens a step. Pages freed while it is open are handed out again only after it has completed.
 *
 * @param a The allocator.
 * @returns The step's id.
 */
export function beginStep(a: CacheAllocator): StepId {
  return beginFenceStep(a.state.fence);
}

/**
 * Closes a step, in any order, and lets the pages go that waited for nothing else.
 *
 * @param a The allocator.
 * @param step A step that is open.
 * @throws {StepError} When the step is not open; nothing changes.
 */
export function completeStep(a: CacheAllocator, step: StepId): void {
  completeFenceStep(a.state.fence, step);
  let key = nextSettledPage(a.state.fence);
  while (key !== -1) {
    putPage(a.state.pools, key);
    key = nextSettledPage(a.state.fence);
  }
  if (a.options.debug) assertValid(a, "completeStep");
}
