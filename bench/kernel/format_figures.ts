/** Figures of kernel cases in words. */

import { formatDuration, formatNumber, formatRate } from "../../fixtures/mod.ts";
import type { KernelFigures } from "./result_types.ts";

/** Figures as they are shown, with their units. */
export interface KernelFigureWords {
  /** Median of the samples. */
  readonly median: string;
  /** Slowest sample over the fastest. */
  readonly spread: string;
  /** Bytes a second. */
  readonly bytes: string;
  /** Operations a second. */
  readonly operations: string;
  /** Share of the ceiling that binds. */
  readonly ceilingShare: string;
  /** Time over the ideal and an empty chain. */
  readonly overFloor: string;
}

/**
 * Writes a case's figures for a table.
 *
 * @example Half of the ceiling
 * ```ts
 * import { describeKernelFigures } from "@headwise/headwise/bench";
 * import assert from "node:assert/strict";
 *
 * const { median, ceilingShare } = describeKernelFigures({
 *   medianMs: 2, quartilesMs: [2, 2], spread: 1, bytesPerSecond: 5e11, flopsPerSecond: 5e8,
 *   bound: "memory", idealMs: 1, ceilingShare: 0.5, emptyChainMs: 0, overheadMicroseconds: 1000,
 * });
 * assert.deepEqual([median, ceilingShare], ["2.00 ms", "50.0 %"]);
 * ```
 *
 * @param figures The figures.
 * @returns One text a column.
 */
export function describeKernelFigures(figures: KernelFigures): KernelFigureWords {
  return {
    median: formatDuration(figures.medianMs),
    spread: figures.spread.toFixed(2),
    bytes: formatRate(figures.bytesPerSecond, "B"),
    operations: formatRate(figures.flopsPerSecond, "FLOP"),
    ceilingShare: `${(figures.ceilingShare * 100).toFixed(1)} %`,
    overFloor: `${formatNumber(figures.overheadMicroseconds)} µs`,
  };
}
