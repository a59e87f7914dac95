/** What a report shows of comparisons: a table, and pairs with their interval. */

import { formatChange } from "../../fixtures/mod.ts";
import type { Comparison, GateReport } from "../result/mod.ts";
import { pairsSpec } from "./chart_comparison.ts";
import { comparisonCells } from "./figures.ts";
import { type ReportBlock, type ReportTable, tableBlock, tableColumns } from "./section.ts";

/** A verdict over comparisons, of whatever benchmark. */
export interface ComparedSides {
  /** Clause that it answers. */
  readonly gate: string;
  readonly verdict: string;
  readonly reasons: readonly string[];
  /** What was compared, such as `headwise against uniform`. */
  readonly sides: string;
  /** Pairs, in words. */
  readonly pairs: string;
  readonly comparisons: readonly Comparison[];
  /** The same of a control against the baseline. */
  readonly control: readonly Comparison[];
}

/** A gate of this tool in the words of a report. */
export function comparedSides(gate: GateReport): ComparedSides {
  return {
    ...gate,
    sides: `${gate.candidate} against ${gate.baseline}`,
    pairs: gate.pairs === 1 ? "1 pair" : `${gate.pairs} pairs`,
  };
}

/** One line: the verdict and the demanded metrics. */
export function comparisonFinding(o: ComparedSides): string {
  const changes = o.comparisons.filter(({ threshold }) => threshold !== null)
    .map(({ metric, ratio }) => `${metric} ${formatChange(ratio)}`);
  return `${o.gate} ${o.verdict}: ${o.sides}, ${[...changes, o.pairs].join(", ")}`;
}

/** A table for each verdict, then their pairs side by side. */
export function comparisonBlocks(compared: readonly ComparedSides[]): ReportBlock[] {
  const tables = compared.map((each) => tableBlock(comparisonTable(each)));
  const drawn = compared.filter(({ comparisons }) => comparisons.some(hasRatio));
  if (drawn.length === 0) return tables;
  return [...tables, {
    kind: "charts",
    title: "Pairs and their interval",
    note: "A dot is the change of one pair, the diamond the mean of all with its 95 % interval, " +
      "the red bar what is demanded. A clock that repeats itself leaves one pair and no width.",
    charts: drawn.map(({ gate, sides, comparisons }) => ({
      title: `${gate}: ${sides}`,
      description: comparisons.filter(hasRatio)
        .map(({ metric, ratio }) => `${metric} ${formatChange(ratio)}`).join(", "),
      legend: [],
      drawing: { kind: "vega", spec: pairsSpec(comparisons.filter(hasRatio)) },
    })),
    figures: pairTable(drawn),
  }];
}

function hasRatio({ ratio }: Comparison): boolean {
  return ratio !== null;
}

function comparisonTable(o: ComparedSides): ReportTable {
  const rows = [
    ...o.comparisons.map((each) => comparisonRow(each, "")),
    ...o.control.map((each) => comparisonRow(each, ", control with clipped reads")),
  ];
  return {
    caption: `${o.gate}: ${o.sides}, ${o.pairs}`,
    columns: tableColumns(["metric"], [
      "baseline",
      "candidate",
      "change",
      "95 % interval",
      "demanded",
    ], ["verdict"]),
    rows,
  };
}

function comparisonRow(comparison: Comparison, note: string): string[] {
  const { metric, unit, verdict } = comparison;
  return [`${metric} [${unit}]${note}`, ...comparisonCells(comparison), verdict ?? ""];
}

function pairTable(compared: readonly ComparedSides[]): ReportTable {
  return {
    caption: "Change of each pair",
    columns: tableColumns(["gate", "metric"], ["pair", "change"]),
    rows: compared.flatMap(({ gate, sides, comparisons }) =>
      comparisons.flatMap(({ metric, pairLogRatios }) =>
        pairLogRatios.map((log, pair) => [
          `${gate}: ${sides}`,
          metric,
          String(pair + 1),
          formatChange(Math.exp(log)),
        ])
      )
    ),
  };
}
