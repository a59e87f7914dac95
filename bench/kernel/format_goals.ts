/** Goals of kernel cases in words. */

import { formatDuration, formatNumber, formatRate } from "../../fixtures/mod.ts";
import type { KernelGoal } from "./case.ts";

/** Says what a goal demands. */
export function describeGoal(goal: KernelGoal): string {
  switch (goal.kind) {
    case "ceiling":
      return `≥ ${goalUnit(goal, goal.atLeast)} of the ceiling`;
    case "flops":
      return `≥ ${goalUnit(goal, goal.atLeast)}`;
    case "overhead":
      return `≤ ${goalUnit(goal, goal.atMostMicroseconds)} over empty chain and ceiling`;
    case "host":
      return `≤ ${goalUnit(goal, goal.atMostMs)} of CPU for a step of 28 layers`;
    case "times":
      return `≤ ${goalUnit(goal, goal.atMost)} the time of ${goal.case}`;
    case "walk":
      return `time by keys read, against ${goal.case}: 1 ± ${goal.within}`;
    case "peer":
      return `≥ ${goalUnit(goal, goal.atLeast)} as fast as ${
        goal.peer === "any" ? "every peer" : goal.peer
      }`;
  }
}

/**
 * Writes a figure in the unit of a goal.
 *
 * @param value A figure in the goal's own unit.
 * @returns The figure with its unit.
 */
export function goalUnit({ kind }: KernelGoal, value: number): string {
  switch (kind) {
    case "ceiling":
      return `${(value * 100).toFixed(1)} %`;
    case "flops":
      return formatRate(value, "FLOP");
    case "overhead":
      return `${formatNumber(value)} µs`;
    case "host":
      return formatDuration(value);
    case "times":
    case "walk":
    case "peer":
      return `${value.toFixed(3)} ×`;
  }
}
