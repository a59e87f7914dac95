/** Figures that several sections share. */

import { formatRate } from "../../fixtures/mod.ts";
import type { BrowserEnvironment } from "../kernel/mod.ts";
import type { BenchEnvironment, RequestsIdentity, RunPerformance } from "../result/mod.ts";

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
  if (present.length === 0 || present.length < values.length) return null;
  return present.reduce((sum, value) => sum + value, 0) / present.length;
}

/** Machine and runtime as facts. */
export function environmentFacts(
  environment: BenchEnvironment | BrowserEnvironment,
): [string, string][] {
  const { os, arch, adapter } = environment;
  return [
    ["machine", `${os}, ${arch ?? "unknown instruction set"}`],
    ["adapter", adapter ?? "none"],
    [
      "runtime",
      "browser" in environment
        ? environment.browser
        : `Deno ${environment.deno}, V8 ${environment.v8}`,
    ],
  ];
}

/**
 * Says where requests came from.
 *
 * @returns A phrase with their number and what was dropped.
 */
export function describeRequests(requests: RequestsIdentity): string {
  if (requests.trace === null) return `${requests.count}, from the fixture`;
  const dropped = Object.entries(requests.dropped).filter(([, rows]) => rows > 0)
    .map(([reason, rows]) => `${rows} ${reason}`);
  const loss = dropped.length === 0 ? "no row dropped" : `rows dropped: ${dropped.join(", ")}`;
  return `${requests.count}, from ${requests.trace}, ${loss}`;
}

/** Both ceilings of a machine in one phrase. */
export function describeCeilings(
  o: { readonly memoryBytesPerSecond: number; readonly flopsPerSecond: number },
): string {
  return `${formatRate(o.memoryBytesPerSecond, "B")} and ${formatRate(o.flopsPerSecond, "FLOP")}`;
}
