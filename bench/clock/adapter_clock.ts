/** The `adapter` clock: every step's attention run and timed by somebody else's program. */

import type { HeadMap } from "../../allocator/mod.ts";
import type { OpenedCache } from "../../kernel/mod.ts";
import type { AdapterRunner, ProtocolCost } from "./adapter_runner.ts";
import { createGpuClock } from "./gpu_clock.ts";
import { restMs, type RestOfLayer } from "./rest_of_layer.ts";
import type { StepBatch, StepClock, StepTimes } from "./step_clock.ts";

/** Products that a card makes while it reads one key and value of a head, or so. */
const PAIRS_PER_KEY = 20;
/** How much slower than any step before, for its size, a step is taken to be at the most. */
const SLACK = 2;

/** A clock that can say whose kernel it timed. */
export interface AdapterClock extends StepClock {
  /** What the adapter says of the kernel and the card. */
  readonly opened: OpenedCache;
  /** What the protocol has taken so far. */
  readonly cost: () => ProtocolCost;
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
  const { opened, cost, finish } = o.runner;
  const clock = createGpuClock(o);
  let sizes: number[] = [];
  let pendingRestMs = 0;
  let slowest: number | null = null;
  return {
    ...clock,
    kind: "adapter",
    opened,
    cost,
    finish,
    enqueue: (batch): void => {
      clock.enqueue(batch);
      sizes.push(sizeOf(batch));
      pendingRestMs += restMs(o.rest, batch);
    },
    flush: async (): Promise<StepTimes> => {
      const times = await clock.flush();
      for (const [index, ms] of times.attentionMs.entries()) {
        slowest = Math.max(slowest ?? 0, ms / sizes[index]);
      }
      sizes = [];
      pendingRestMs = 0;
      return times;
    },
    mostPendingMs: (): number =>
      slowest === null
        ? Infinity
        : SLACK * (slowest * sizes.reduce((sum, size) => sum + size, 0) + pendingRestMs),
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
