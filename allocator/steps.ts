import type { CacheAllocator } from "./allocator.ts";
import { assertValid } from "./debug.ts";
import { beginFenceStep, completeFenceStep, nextSettledPage, type StepId } from "./fence.ts";
import { putPage } from "./page_pool.ts";

/**
 * Opens a step. Pages freed while it is open are handed out again only after it has completed.
 *
 * @param a The allocator.
 * @returns The step's id.
 *
 * @example A page freed during a step stays away
 * ```ts
 * import { admit, beginStep, completeStep, createAllocator, freePages, headMapFromPattern, release, toSlot } from "@headwise/headwise/allocator";
 * import assert from "node:assert/strict";
 *
 * const allocator = createAllocator({
 *   layout: "uniform",
 *   heads: headMapFromPattern({
 *     layers: 1, kvHeads: 1, pattern: "first", ratio: 0, windowTokens: 0, sinkTokens: 0,
 *   }),
 *   slots: 1,
 *   pagesPerHead: 8,
 *   pageSizeTokens: 16,
 *   modelLengthTokens: 128,
 *   recycle: false,
 *   pageOrder: { kind: "identity" },
 * });
 * const slot = toSlot(0, { limit: 1 });
 * admit(allocator, slot, 32);
 * const step = beginStep(allocator);
 * release(allocator, slot);
 * assert.equal(freePages(allocator), 6);
 * completeStep(allocator, step);
 * assert.equal(freePages(allocator), 8);
 * ```
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
 *
 * @example A step completes once
 * ```ts
 * import { beginStep, completeStep, createAllocator, headMapFromPattern } from "@headwise/headwise/allocator";
 * import assert from "node:assert/strict";
 *
 * const allocator = createAllocator({
 *   layout: "uniform",
 *   heads: headMapFromPattern({
 *     layers: 1, kvHeads: 1, pattern: "first", ratio: 0, windowTokens: 0, sinkTokens: 0,
 *   }),
 *   slots: 1,
 *   pagesPerHead: 8,
 *   pageSizeTokens: 16,
 *   modelLengthTokens: 128,
 *   recycle: false,
 *   pageOrder: { kind: "identity" },
 * });
 * const step = beginStep(allocator);
 * completeStep(allocator, step);
 * assert.throws(() => completeStep(allocator, step), /Cannot complete step "0"/);
 * ```
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
