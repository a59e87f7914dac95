/** Figures of kernel cases in words. */

import { formatDuration, formatNumber, formatRate } from "../../fixtures/mod.ts";
import type { KernelFigures } from "./result_schema.ts";

/** Writes a case's figures for a table, with their units. */
export function describeKernelFigures(
  figures: KernelFigures,
): Readonly<
  Record<"median" | "spread" | "bytes" | "operations" | "ceilingShare" | "overFloor", string>
> {
  return {
    median: formatDuration(figures.medianMs),
    /** Slowest sample over the fastest. */
    spread: figures.spread.toFixed(2),
    bytes: formatRate(figures.bytesPerSecond, "B"),
    operations: formatRate(figures.flopsPerSecond, "FLOP"),
    /** Share of the ceiling that binds. */
    ceilingShare: `${(figures.ceilingShare * 100).toFixed(1)} %`,
    /** Time over the ideal and an empty chain. */
    overFloor: `${formatNumber(figures.overheadMicroseconds)} µs`,
  };
}
