/** What a sweep's gates compare at each point, for whatever shows it. */

import type { GateName, SideName } from "../result/mod.ts";
import type { SweepAxes, SweepPoint, SweepRow, SweepSide } from "./types.ts";

/** A figure that a gate compares. */
export interface SweepMetric {
  /** Where a side has it. */
  readonly key: Extract<
    keyof SweepSide,
    "meanTtftMs" | "meanTbtMs" | "outputTokensPerSecond" | "meanConcurrency"
  >;
  /** What it is called. */
  readonly name: string;
}

/** The sides of each gate, baseline first, and the figures that they are compared by. */
export const SWEEP_COMPARED: Readonly<
  Record<
    GateName,
    { readonly sides: readonly [SideName, SideName]; readonly metrics: readonly SweepMetric[] }
  >
> = {
  "gate/read": {
    sides: ["uniform", "headwise"],
    metrics: [
      { key: "meanTtftMs", name: "mean TTFT" },
      { key: "meanTbtMs", name: "mean TBT" },
    ],
  },
  "gate/capacity": {
    sides: ["pooled", "pooled-recycle"],
    metrics: [
      { key: "outputTokensPerSecond", name: "throughput" },
      { key: "meanConcurrency", name: "concurrency" },
    ],
  },
};

/** Short names of the axes, as flags have them. */
export const SWEEP_AXES: Readonly<Record<keyof SweepPoint, string>> = {
  windowTokens: "window",
  ratio: "ratio",
  contextTokens: "context",
  batch: "batch",
  pageSizeTokens: "page size",
};

/** The axes of a grid that vary. */
export function variedAxes(axes: SweepAxes): readonly (keyof SweepPoint)[] {
  return (Object.keys(SWEEP_AXES) as (keyof SweepPoint)[]).filter((name) => axes[name].length > 0);
}

/** A figure of the candidate over that of the baseline; null where either has none. */
export function ratioAt(row: SweepRow, gate: GateName, { key }: SweepMetric): number | null {
  const [base, value] = SWEEP_COMPARED[gate].sides.map((name) =>
    row.sides.find((side) => side.name === name)?.[key] ?? null
  );
  return base === null || value === null || base === 0 ? null : value / base;
}
