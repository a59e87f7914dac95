/** Whose times a run has, where they come from outside: an adapter, or a table of times. */

import { isAdapterClock, isTableClock, type StepClock } from "../clock/mod.ts";
import {
  type BenchEnvironment,
  type BenchResult,
  type ClockDescription,
  type ClockTable,
  describeEnvironment,
} from "../result/mod.ts";
import type { BenchOptions, ClockChoice } from "./options.ts";
import type { Bench } from "./prepare.ts";

/** Where a run took place: an adapter's card and driver are known once it runs. */
export function environmentOf(
  { environment, clock }: Pick<BenchOptions, "environment" | "clock">,
  clocks: readonly StepClock[],
): BenchEnvironment {
  const adapter = clock.kind === "gpu" ? clock.adapter : null;
  const described = environment ?? describeEnvironment({ adapter });
  const opened = clocks.find(isAdapterClock)?.opened;
  return opened === undefined
    ? described
    : { ...described, adapter: opened.card, driver: opened.driver };
}

/** Whether the times are a processor's. */
export function isSoftware(clock: ClockChoice, clocks: readonly StepClock[]): boolean {
  if (clock.kind === "gpu") return clock.isSoftware ?? false;
  return clocks.some((each) => isAdapterClock(each) && each.opened.isSoftware);
}

/** What an adapter says of itself, or which table it was. */
export function describeExternalClock(
  { options: { clock }, sides }: Bench,
  clocks: readonly StepClock[],
): Pick<ClockDescription, "adapter" | "table"> {
  const table = clocks.filter(isTableClock).map((each) => each.describeTable());
  if (table.length > 0) {
    return { table: table.reduce(joinTables) };
  }
  if (clock.kind !== "adapter") return {};
  const opened = clocks.filter(isAdapterClock).map((each) => each.opened);
  const { card, driver, versions, isCaptured, arithmetic } = opened[0];
  const kernels = Object.fromEntries(opened.map(({ kernel }, side) => [sides[side].name, kernel]));
  const { command } = clock;
  return { adapter: { command, kernels, card, driver, versions, isCaptured, arithmetic } };
}

/** What holds for the sides of both: the larger of their errors, or none where one is not known. */
function joinTables(one: ClockTable, other: ClockTable): ClockTable {
  const [left, right] = [one.leaveOutErrorPercent, other.leaveOutErrorPercent];
  return {
    ...one,
    leaveOutErrorPercent: left === null || right === null ? null : {
      median: Math.max(left.median, right.median),
      p90: Math.max(left.p90, right.p90),
    },
    rowsLeftOut: one.rowsLeftOut + other.rowsLeftOut,
    furthestFactor: Math.max(one.furthestFactor, other.furthestFactor),
  };
}

/** What the protocol of an adapter took, and how its claims compare with the time that passed. */
export function describeClockCost(
  { sides }: Bench,
  { clocks, wallMs }: { readonly clocks: readonly StepClock[]; readonly wallMs: number },
): Pick<BenchResult, "clockCost"> {
  const costs = clocks.filter(isAdapterClock).map((each) => each.cost());
  if (costs.length === 0) return {};
  const sum = (key: keyof (typeof costs)[number]): number =>
    costs.reduce((total, cost) => total + cost[key], 0);
  return {
    clockCost: {
      batches: sum("batches"),
      steps: sum("steps"),
      samples: sum("samples"),
      wallMs,
      stepMs: sum("stepMs"),
      busyMs: sum("busyMs"),
      judgeMs: sum("judgeMs"),
      protocolMs: sum("sentMs") - sum("busyMs") + sum("ownMs"),
      sides: Object.fromEntries(
        costs.map(({ stepMs, sentMs }, side) => [sides[side].name, { stepMs, sentMs }]),
      ),
    },
  };
}
