/**
 * Steps whose attention has no time yet, and how long they will take at the most, as far as those before
 * tell. A replay whose next request arrives later than that can go on planning: asking for each step's time
 * would leave a device idle between any two steps.
 */

import type { StepBatch, StepTimes } from "./step_clock.ts";

/** Products that a card makes while it reads one key and value of a head, or so. */
const PAIRS_PER_KEY = 20;
/** How much slower than any step before of about its size attention is taken to be at the most. */
const SLACK = 2;
/** Sizes of about a fifth more are told apart. */
const SIZES_PER_POWER = 4;

/** Steps without a time yet. */
export interface PendingSteps {
  /** How many there are. */
  readonly count: () => number;
  /** Adds a step; its rest is known, and needs no slack. */
  readonly add: (batch: StepBatch, restMs: number) => void;
  /** Takes out the oldest steps, now that the attention of each has a time. */
  readonly take: (attentionMs: StepTimes["attentionMs"]) => StepTimes;
  /** More than those left will take, in milliseconds; infinite while nothing has been learned. */
  readonly mostMs: () => number;
}

/** Knows nothing yet, and has no steps. */
export function createPendingSteps(): PendingSteps {
  /** Oldest first. */
  const pending: { readonly size: number; readonly restMs: number }[] = [];
  const longest = createLongest();
  return {
    count: () => pending.length,
    add: (batch, restMs) => void pending.push({ size: sizeOf(batch), restMs }),
    take: (attentionMs) => {
      const timed = pending.splice(0, attentionMs.length);
      for (const [index, { size }] of timed.entries()) longest.learn(size, attentionMs[index]);
      return { attentionMs, restMs: Float64Array.from(timed, ({ restMs }) => restMs) };
    },
    mostMs: () =>
      pending.reduce((sum, { size, restMs }) => sum + SLACK * longest.of(size) + restMs, 0),
  };
}

/** Longest times by size: small steps take long for their size, which says nothing of large ones. */
function createLongest(): {
  readonly learn: (size: number, ms: number) => void;
  readonly of: (size: number) => number;
} {
  // The longest time of a class of sizes, and of all that are no larger.
  const own = new Float64Array(64 * SIZES_PER_POWER);
  const upTo = new Float64Array(own.length);
  const classOf = (size: number): number => Math.floor(SIZES_PER_POWER * Math.log2(size));
  return {
    learn: (size, ms) => {
      const at = classOf(size);
      own[at] = Math.max(own[at], ms);
      for (let each = at; each < upTo.length; each++) upTo[each] = Math.max(upTo[each], ms);
    },
    of: (size) => {
      const at = classOf(size);
      if (own[at] > 0) return upTo[at];
      const larger = own.findIndex((ms, each) => each > at && ms > 0);
      if (larger >= 0) return upTo[larger];
      const smaller = own.findLastIndex((ms, each) => each < at && ms > 0);
      if (smaller < 0) return Infinity;
      // No step takes longer for its size than a smaller one, which has as much to start.
      return upTo[at] * size / 2 ** (smaller / SIZES_PER_POWER);
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
