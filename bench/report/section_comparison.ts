/** The section of a verdict over two files, as `headwise gate --json` prints it. */

import { formatChange } from "../../fixtures/mod.ts";
import type { ForeignGateReport } from "../foreign/mod.ts";
import type { GateReport, RegressionReport } from "../result/mod.ts";
import {
  type ComparedSides,
  comparedSides,
  comparisonBlocks,
  comparisonFinding,
} from "./blocks_comparison.ts";
import { type ReportSection, verdictOf } from "./section.ts";

/** A verdict over two files, of whatever kind. */
export type ComparisonReport = GateReport | ForeignGateReport | RegressionReport;

/** Makes the section of a stored verdict. */
export function comparisonSection(file: string, report: ComparisonReport): ReportSection {
  const compared = comparedOf(report);
  return {
    file,
    title: "sides" in report
      ? `Regression between two results, no side worse than ${
        formatChange(1 + report.maxRegression).replace("+", "")
      }`
      : `Comparison of two results, ${compared[0]!.sides}`,
    verdict: verdictOf(report.verdict),
    findings: [
      ...compared.map(comparisonFinding),
      ...("tool" in report ? [report.allowed] : []),
      ...(report.verdict === "PASS" ? [] : report.reasons),
    ],
    blocks: [
      ...comparisonBlocks(compared),
      {
        kind: "missing",
        title: "Distributions and environment",
        text: "A verdict over two files holds neither; name the two results beside it",
      },
    ],
  };
}

function comparedOf(report: ComparisonReport): ComparedSides[] {
  if ("tool" in report) return [comparedRuns(report)];
  if (!("sides" in report)) return [comparedSides(report)];
  return report.sides.map((side) => ({
    ...comparedSides(side),
    sides: `${side.candidate} against itself before`,
  }));
}

/** Runs of another benchmark: files and not pairs. */
function comparedRuns(report: ForeignGateReport): ComparedSides {
  const { baseline, candidate } = report.runs;
  return {
    ...report,
    sides: `candidate against baseline, by ${report.tool}`,
    pairs: `${baseline} against ${candidate} runs`,
    control: [],
  };
}
