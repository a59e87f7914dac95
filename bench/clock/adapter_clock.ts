/** The `adapter` clock: every step's attention run and timed by somebody else's program. */

import type { HeadMap } from "../../allocator/mod.ts";
import type { AdapterRunner } from "./adapter_runner.ts";
import { createGpuClock } from "./gpu_clock.ts";
import type { RestOfLayer } from "./rest_of_layer.ts";
import type { StepClock } from "./step_clock.ts";

/** A clock that can say whose kernel it timed. */
export interface AdapterClock
  extends StepClock, Pick<AdapterRunner, "opened" | "cost" | "forgetCost"> {}

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
  return {
    ...createGpuClock(o),
    kind: "adapter",
    // The runner says when a batch is full.
    maxPendingSteps: Infinity,
    opened,
    cost,
    forgetCost,
    finish,
  };
}

/** Tells a clock of an adapter from others. */
export function isAdapterClock(clock: StepClock): clock is AdapterClock {
  return clock.kind === "adapter";
}
