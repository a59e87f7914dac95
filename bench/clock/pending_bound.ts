/**
 * How long steps without a time yet will take at the most, as far as those before tell. A replay whose next
 * request arrives later than that can go on planning: asking for each step's time would leave a device idle
 * between any two steps.
 */

import type { StepBatch, StepTimes } from "./step_clock.ts";

/** Products that a card makes while it reads one key and value of a head, or so. */
const PAIRS_PER_KEY = 20;
/** How much slower than any step before of about its size a step is taken to be at the most. */
const SLACK = 2;

/** Steps without a time yet. */
export interface PendingBound {
  /** Adds a step; its rest is known. */
  readonly add: (batch: StepBatch, restMs: number) => void;
  /** The oldest steps got their times. */
  readonly learn: (times: StepTimes) => void;
  /** More than those left will take, in milliseconds; infinite while nothing has been learned. */
  readonly mostMs: () => number;
}

/** Knows nothing yet, and has no steps. */
export function createPendingBound(): PendingBound {
  /** Oldest first. */
  const pending: { readonly size: number; readonly restMs: number }[] = [];
  const longest = createLongest();
  return {
    add: (batch, restMs) => void pending.push({ size: sizeOf(batch), restMs }),
    learn: ({ attentionMs }) => {
      const timed = pending.splice(0, attentionMs.length);
      for (const [index, { size }] of timed.entries()) longest.learn(size, attentionMs[index]);
    },
    mostMs: () =>
      pending.reduce((sum, each) => sum + SLACK * (longest.of(each.size) + each.restMs), 0),
  };
}

/** Longest times by size: small steps take long for their size, which says nothing of large ones. */
function createLongest(): {
  readonly learn: (size: number, ms: number) => void;
  readonly of: (size: number) => number;
} {
  // By the size's power of two: the longest time of such a step, and of all that are no larger.
  const bySize = new Float64Array(64);
  const upToSize = new Float64Array(64);
  let slowest: number | null = null;
  return {
    learn: (size, ms) => {
      const own = Math.floor(Math.log2(size));
      slowest = Math.max(slowest ?? 0, ms / size);
      bySize[own] = Math.max(bySize[own], ms);
      for (let power = own; power < upToSize.length; power++) {
        upToSize[power] = Math.max(upToSize[power], ms);
      }
    },
    of: (size) => {
      const own = Math.floor(Math.log2(size));
      if (slowest === null) return Infinity;
      return bySize[own] > 0 ? upToSize[own] : Math.max(upToSize[own], slowest * size);
    },
  };
}

/** What the time of a step's attention grows with: keys that are read, and products. */
function sizeOf({ queryLengths, cachedLengths }: StepBatch): number {
  let size = 1;
  for (let slot = 0; slot < queryLengths.length; slot++) {
    const keys = cachedLengths[slot] + queryLengths[slot];
    if (queryLengths[slot] > 0) size += keys + queryLengths[slot] * keys / PAIRS_PER_KEY;
  }
  return size;
}
