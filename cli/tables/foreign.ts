import type { ForeignGateReport, GateReport, RegressionReport } from "../../bench/mod.ts";
import { comparisonTable, paintVerdict, renderGate, renderRegression } from "./gate.ts";
import { indented, type ReportStyle } from "../terminal/mod.ts";

/**
 * Lays out a gate over files of another benchmark: verdict, metrics, what the files allow, and why.
 */
export function renderForeignGate(report: ForeignGateReport, style: ReportStyle): string[] {
  const { paint } = style;
  const { baseline, candidate } = report.runs;
  const headline = `${paintVerdict(report.verdict, paint)}  ${paint.bold(report.gate)}  ` +
    `${report.tool} results, ${candidate} against ${baseline} ${baseline === 1 ? "run" : "runs"}`;
  const shown = report.comparisons.filter(({ baseline, candidate }) =>
    baseline !== null && candidate !== null
  );
  return [
    headline,
    ...comparisonTable(shown, paint),
    ...indented(style, report.allowed, ...report.reasons),
  ];
}

/** Lays out what `headwise gate` says, whichever kind it is of. */
export function renderVerdict(
  report: GateReport | RegressionReport | ForeignGateReport,
  style: ReportStyle,
): string[] {
  if ("tool" in report) return renderForeignGate(report, style);
  return "sides" in report ? renderRegression(report, style) : renderGate(report, style);
}
