/** The `adapter` clock: every step's attention run and timed by somebody else's program. */

import type { HeadMap } from "../../allocator/mod.ts";
import type { OpenedCache } from "../../kernel/mod.ts";
import type { AdapterRunner } from "./adapter_runner.ts";
import type { ProtocolCost } from "./protocol_cost.ts";
import { createGpuClock } from "./gpu_clock.ts";
import { restMs, type RestOfLayer } from "./rest_of_layer.ts";
import type { StepBatch, StepClock, StepTimes } from "./step_clock.ts";

/** Products that a card makes while it reads one key and value of a head, or so. */
const PAIRS_PER_KEY = 20;
/** How much slower than any step before of about its size a step is taken to be at the most. */
const SLACK = 2;

/** A clock that can say whose kernel it timed. */
export interface AdapterClock extends StepClock {
  /** What the adapter says of the kernel and the card. */
  readonly opened: OpenedCache;
  /** What the protocol has taken since it was last forgotten. */
  readonly cost: () => ProtocolCost;
  /** Forgets what the protocol has taken so far, as that of a warm-up. */
  readonly forgetCost: () => void;
}

/**
 * Creates a clock of an adapter's runner. A form of two passes is one step to it: the adapter runs both.
 *
 * @param o Runner, head map and the modelled rest.
 * @returns The clock; it owns the runner.
 */
export function createAdapterClock(
  o: {
    readonly runner: AdapterRunner;
    readonly heads: HeadMap;
    readonly rest: RestOfLayer;
  },
): AdapterClock {
  const { opened, cost, forgetCost, finish } = o.runner;
  const clock = createGpuClock(o);
  /** Of the steps without a time yet, oldest first. */
  const pending: { readonly size: number; readonly restMs: number }[] = [];
  const longest = createLongest();
  const learn = (times: StepTimes): StepTimes => {
    for (const ms of times.attentionMs) longest.learn(pending.shift()!.size, ms);
    return times;
  };
  return {
    ...clock,
    kind: "adapter",
    // The runner says when a batch is full.
    maxPendingSteps: Infinity,
    opened,
    cost,
    forgetCost,
    finish,
    enqueue: (batch): void => {
      clock.enqueue(batch);
      pending.push({ size: sizeOf(batch), restMs: restMs(o.rest, batch) });
    },
    flush: async (): Promise<StepTimes> => learn(await clock.flush()),
    advance: (): Promise<StepTimes> | null => clock.advance?.()?.then(learn) ?? null,
    mostPendingMs: (): number =>
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

/** Tells a clock of an adapter from others. */
export function isAdapterClock(clock: StepClock): clock is AdapterClock {
  return clock.kind === "adapter";
}
