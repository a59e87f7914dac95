/** Errors of predictions against measurements, by class of rows. */

import type { PublishedGeometry, PublishedRow } from "./published.ts";
import type { Prediction } from "./predict_row.ts";

/** Metrics that are compared. */
export type ValidatedMetric = "ttft" | "tpot" | "throughput";

/** One figure beside its prediction. */
export interface MetricError {
  /** Row. */
  readonly id: string;
  /** Metric. */
  readonly metric: ValidatedMetric;
  /** Predicted, in milliseconds or tokens per second. */
  readonly predicted: number;
  /** Measured, likewise. */
  readonly measured: number;
  /** predicted / measured − 1. */
  readonly error: number;
}

/** Compares a prediction with what a row measured: means where there are any, else medians. */
export function errorsOf(row: PublishedRow, prediction: Prediction): MetricError[] {
  const errors: MetricError[] = [];
  const compare = (
    metric: ValidatedMetric,
    predicted: number,
    measured: number | null | undefined,
  ): void => {
    if (measured === null || measured === undefined || measured <= 0) return;
    if (!Number.isFinite(predicted)) return;
    errors.push({ id: row.id, metric, predicted, measured, error: predicted / measured - 1 });
  };
  const either = (
    metric: "ttft" | "tpot",
    predicted: { readonly mean: number; readonly p50: number },
    measured: PublishedRow["ttft_ms"],
  ): boolean => {
    // A page that warns of an outlier in its mean names its median.
    const mean = measured.mean ?? measured.unspecified;
    const useMedian = mean === null || mean === undefined || row.notes.includes("use p50");
    compare(metric, useMedian ? predicted.p50 : predicted.mean, useMedian ? measured.p50 : mean);
    return (mean ?? measured.p50 ?? null) !== null;
  };
  either("ttft", prediction.ttftMs, row.ttft_ms);
  if (!either("tpot", prediction.tpotMs, row.tpot_ms)) {
    compare("tpot", prediction.itlMs.p50, row.itl_ms.p50);
  }
  compare("throughput", prediction.outputTokensPerSecond, row.output_tokens_per_s);
  return errors;
}

/** How a row is classed. */
export interface RowClasses {
  /** Dense, experts, or windows (with or without experts). */
  readonly model: string;
  /** Card, and whether it has a profile. */
  readonly card: string;
  /** Engine. */
  readonly engine: string;
  /** Low (at most 8 at once), middle (at most 64), saturated. */
  readonly load: string;
}

/** Classes of a row. */
export function classesOf(
  row: PublishedRow,
  geometry: PublishedGeometry,
  { basis, card, engine }: { basis: string; card: string; engine: string },
): RowClasses {
  const running = row.concurrency ?? Infinity;
  return {
    model: geometry.window_layers > 0
      ? "windows"
      : (geometry.experts ?? 0) > 0
      ? "experts"
      : "dense",
    card: `${card} (${basis === "measured" ? "profile" : "scaled"})`,
    engine,
    load: running <= 8 ? "low" : running <= 64 ? "middle" : "saturated",
  };
}

/** Summary of one class and metric. */
export interface ErrorSummary {
  /** Figures compared. */
  readonly count: number;
  /** Median of the absolute errors. */
  readonly median: number;
  /** 90th percentile of the absolute errors. */
  readonly p90: number;
  /**
   * 90th percentile of how far predicted and measured lie apart in ratio, less 1: half of what was measured
   * and twice of it are 1 both, where the absolute errors are 0.5 and 1.
   */
  readonly apart: number;
  /** Median of the signed errors. */
  readonly bias: number;
}

/** Summarises errors; null where there are none. */
export function summarise(errors: readonly number[]): ErrorSummary | null {
  if (errors.length === 0) return null;
  const sizes = errors.map(Math.abs).sort((a, b) => a - b);
  const apart = errors.map((error) => Math.max(1 + error, 1 / (1 + error)) - 1).sort((a, b) =>
    a - b
  );
  const signed = [...errors].sort((a, b) => a - b);
  const at = (values: readonly number[], share: number): number =>
    values[Math.min(values.length - 1, Math.floor(share * values.length))];
  return {
    count: errors.length,
    median: at(sizes, 0.5),
    p90: at(sizes, 0.9),
    apart: at(apart, 0.9),
    bias: at(signed, 0.5),
  };
}
