/** Means over the runs of a side. */

import type { RunPerformance } from "../result/mod.ts";
import { mean } from "./summary.ts";

/** A figure of every run, of a replay where nothing else is said. */
export type RunFigure<T = RunPerformance> = (performance: T) => number | null | undefined;

/**
 * The mean over runs; null as soon as one has no value, for that would be another figure.
 *
 * @returns The mean in the figure's own unit, or null.
 */
export function meanOverRuns<T>(
  runs: readonly { readonly performance: T | null }[],
  read: RunFigure<T>,
): number | null {
  const values = runs.map(({ performance }) =>
    performance === null ? null : read(performance) ?? null
  );
  const present = values.filter((value) => value !== null);
  return present.length < values.length ? null : mean(present);
}
