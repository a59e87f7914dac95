/** Figures of kernel cases in words. */

import { formatDuration, formatNumber, formatRate } from "../../fixtures/mod.ts";
import type { KernelFigures } from "./result_schema.ts";

/** Figures as they are shown, with their units. */
export interface KernelFigureWords {
  /** Median of the samples. */
  readonly median: string;
  /** Slowest sample over the fastest. */
  readonly spread: string;
  /** Bytes per second. */
  readonly bytes: string;
  /** Operations per second. */
  readonly operations: string;
  /** Share of the ceiling that binds. */
  readonly ceilingShare: string;
  /** Time over the ideal and an empty chain. */
  readonly overFloor: string;
}

/** Writes a case's figures for a table. */
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
