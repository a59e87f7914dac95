/** The record of validated errors: what a change is held against, and what gates carry. */

import record from "./class_errors.json" with { type: "json" };
import type { ClockCalibration } from "../result/mod.ts";
import type { ErrorSummary, ValidatedMetric } from "./errors.ts";

/** Median and 90th percentiles of the errors of each class and metric, with their number. */
export type ErrorRecord = Readonly<
  Record<string, Partial<Record<ValidatedMetric, Omit<ErrorSummary, "bias">>>>
>;

/** By how much a class's median error may grow before CI fails: a point. */
const ALLOWED_GROWTH = 0.01;
/** A class of fewer figures says too little to be carried by a verdict. */
const LEAST_FIGURES = 20;

/** The metrics that a verdict carries errors of. */
const METRICS = ["ttft", "tpot", "throughput"] as const;

/** The errors that were recorded last. */
export const VALIDATED_ERRORS: ErrorRecord = record;

/** What is written down of some classes, to four places. */
export function recordOf(
  classes: ReadonlyMap<string, Partial<Record<ValidatedMetric, ErrorSummary>>>,
): ErrorRecord {
  const round = (value: number): number => Math.round(value * 1e4) / 1e4;
  return Object.fromEntries([...classes].map(([name, metrics]) => [
    name,
    Object.fromEntries(
      Object.entries(metrics).map(([metric, { count, median, p90, apart }]) => [
        metric,
        { count, median: round(median), p90: round(p90), apart: round(apart) },
      ]),
    ),
  ]));
}

/** Sentences about classes whose error grew by more than a point, or that are gone. */
export function compareWithRecord(now: ErrorRecord, before: ErrorRecord): string[] {
  const grown: string[] = [];
  for (const [name, metrics] of Object.entries(before)) {
    for (const [metric, { median }] of Object.entries(metrics)) {
      const found = now[name]?.[metric as ValidatedMetric];
      if (found === undefined) {
        grown.push(`${name}, ${metric}: no figure is left of the class`);
      } else if (found.median > median + ALLOWED_GROWTH) {
        const [from, to] = [median, found.median].map((share) => `${(share * 100).toFixed(1)} %`);
        grown.push(`${name}, ${metric}: the median error grew from ${from} to ${to}`);
      }
    }
  }
  return grown;
}

/**
 * The errors that modelled times carry, in ratio: nine in ten figures of the card's class lie no further
 * apart. Where the class has too few figures of a metric it is that of all rows on cards with or without
 * a profile, and never less than what the few say.
 */
export function validatedError(
  o: { readonly card: string; readonly basis: "measured" | "scaled" },
): ClockCalibration["error"] {
  const profile = o.basis === "measured";
  const own = `card: ${o.card} (${profile ? "profile" : "scaled"})`;
  for (const name of [own, profile ? "cards with a profile" : "cards without one", "all"]) {
    const figures = VALIDATED_ERRORS[name];
    if (METRICS.some((metric) => (figures?.[metric]?.count ?? 0) < LEAST_FIGURES)) continue;
    const few = VALIDATED_ERRORS[own];
    const [ttft, tpot, throughput] = METRICS.map((metric) =>
      Math.max(figures![metric]!.apart, few?.[metric]?.apart ?? 0)
    );
    const isFew = name !== own && few !== undefined;
    return { class: isFew ? `${name} and the few of ${o.card}` : name, ttft, tpot, throughput };
  }
  throw new RangeError(`No class of validated errors has ${LEAST_FIGURES} figures of each metric`);
}
