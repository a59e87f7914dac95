/**
 * The in-flight fence: pages that are freed while steps are open wait in a ring buffer, first in
 * first out, until every step that was open at the free has completed.
 *
 * @module
 */
import type { PageKey } from "./ids.ts";

/** A step that was begun; ids grow by one per step. */
export type StepId = number & { readonly idSpace: "StepId" };

/** The fence's state. Its memory grows only with the number of steps open at once. */
export interface InFlightFence {
  /** Ring of page keys; int32, one place a page, so it cannot overflow. */
  readonly keys: Int32Array;
  /** The newest step at each page's free, parallel to the keys. */
  readonly tags: Float64Array;
  /** Index of the oldest waiting page. */
  head: number;
  /** Number of waiting pages. */
  waiting: number;
  /** The id that the next step gets. */
  nextStep: number;
  /** The oldest step that has not completed; equals nextStep when none is open. */
  oldestOpen: number;
  /** Ring of flags by step id, 1 where a step completed before an older one; a power of two long. */
  completed: Uint8Array;
}

/** A step id that is not open. */
export class StepError extends RangeError {
  /** Stable code for callers that branch. */
  readonly code = "step/not-open";
  /** The step that was refused. */
  readonly step: number;

  /** Builds the error from the refused step. */
  constructor(step: number) {
    super(`Cannot complete step "${step}": it is not open; complete each begun step once`);
    this.name = "StepError";
    this.step = step;
  }
}

/**
 * Creates a fence with no open step.
 *
 * @param pages The number of pages that can wait at once: all pages of the pools it guards.
 */
export function createFence(pages: number): InFlightFence {
  return {
    keys: new Int32Array(pages),
    tags: new Float64Array(pages),
    head: 0,
    waiting: 0,
    nextStep: 0,
    oldestOpen: 0,
    completed: new Uint8Array(64),
  };
}

/**
 * Opens a step: from now on, freed pages wait for it.
 *
 * @returns The step's id, to be completed once.
 */
export function beginFenceStep(fence: InFlightFence): StepId {
  const open = fence.nextStep - fence.oldestOpen;
  if (open === fence.completed.length) {
    const grown = new Uint8Array(open * 2);
    for (let step = fence.oldestOpen; step < fence.nextStep; step++) {
      grown[step % grown.length] = fence.completed[step % open];
    }
    fence.completed = grown;
  }
  const step = fence.nextStep++;
  fence.completed[step % fence.completed.length] = 0;
  return step as StepId;
}

/**
 * Closes a step, in any order. Pages that waited for it are found by {@link countSettledPages}.
 *
 * @throws {StepError} When the step is not open; nothing changes.
 */
export function completeFenceStep(fence: InFlightFence, step: StepId): void {
  const flags = fence.completed;
  const open = step >= fence.oldestOpen && step < fence.nextStep &&
    flags[step % flags.length] === 0;
  if (!open) throw new StepError(step);
  flags[step % flags.length] = 1;
  while (fence.oldestOpen < fence.nextStep && flags[fence.oldestOpen % flags.length] === 1) {
    fence.oldestOpen++;
  }
}

/** Tells whether a step is open, which a page that is freed now has to wait for. */
export function isStepOpen(fence: InFlightFence): boolean {
  return fence.oldestOpen !== fence.nextStep;
}

/**
 * Lets a freed page wait for the steps that are open now.
 *
 * @returns False when no step is open: the page need not wait, and was not queued.
 */
export function holdPage(fence: InFlightFence, key: PageKey): boolean {
  if (!isStepOpen(fence)) return false;
  const place = (fence.head + fence.waiting) % fence.keys.length;
  fence.keys[place] = key;
  fence.tags[place] = fence.nextStep - 1;
  fence.waiting++;
  return true;
}

/**
 * Counts the oldest pages whose steps have all completed, as far as they lie together in the ring:
 * keys [head, head + count).
 *
 * @returns Their number, to be taken out with {@link dropSettledPages}; 0 when the oldest page must
 *   still wait.
 */
export function countSettledPages(fence: InFlightFence): number {
  const { tags, head, oldestOpen } = fence;
  const most = Math.min(fence.waiting, tags.length - head);
  let count = 0;
  while (count < most && tags[head + count] < oldestOpen) count++;
  return count;
}

/**
 * Takes the oldest pages out.
 *
 * @param count Pages that no step holds any more; see {@link countSettledPages}.
 */
export function dropSettledPages(fence: InFlightFence, count: number): void {
  fence.head = (fence.head + count) % fence.keys.length;
  fence.waiting -= count;
}
