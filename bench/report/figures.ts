/** Figures that several sections share. */

import { formatChange, formatNumber, formatRate } from "../../fixtures/mod.ts";
import type { BrowserEnvironment } from "../kernel/mod.ts";
import { meanOverRuns, type RunFigure } from "../statistics/mod.ts";
import type { BenchEnvironment, Comparison, RequestsIdentity } from "../result/mod.ts";
import { type ReportBlock, tableBlock, tableColumns } from "./section.ts";

/** The table of figures of several sides, each a mean over its runs. */
export function sidesTable<T>(o: {
  readonly caption: string;
  readonly sides: readonly {
    readonly name: string;
    readonly runs: readonly { readonly performance: T | null }[];
  }[];
  readonly figures: readonly (readonly [label: string, read: RunFigure<T>])[];
}): ReportBlock {
  const rows = o.figures.map(([label, read]) => [
    label,
    ...o.sides.map(({ runs }) => formatNumber(meanOverRuns(runs, read))),
  ]);
  const columns = tableColumns([""], o.sides.map(({ name }) => name));
  return tableBlock({ caption: o.caption, columns, rows });
}

/**
 * A comparison as cells of a table.
 *
 * @returns Baseline, candidate, change, 95 % interval, and what is demanded.
 */
export function comparisonCells(
  { baseline, candidate, ratio, interval, threshold, better }: Comparison,
): string[] {
  const range = interval === null
    ? "–"
    : interval.degenerate
    ? "no noise"
    : `${formatChange(interval.lower)} … ${formatChange(interval.upper)}`;
  return [
    formatNumber(baseline),
    formatNumber(candidate),
    formatChange(ratio),
    range,
    threshold === null ? "" : `${better === "lower" ? "≤" : "≥"} ${formatChange(threshold)}`,
  ];
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
