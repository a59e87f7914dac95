/** The section of a verdict over two files, as `headwise gate --json` prints it. */

import type { ForeignGateReport } from "../foreign/mod.ts";
import type { GateReport } from "../result/mod.ts";
import {
  type ComparedSides,
  comparedSides,
  comparisonBlocks,
  comparisonFinding,
} from "./blocks_comparison.ts";
import { type ReportSection, verdictOf } from "./section.ts";

/** Makes the section of a stored verdict. */
export function comparisonSection(
  file: string,
  report: GateReport | ForeignGateReport,
): ReportSection {
  const compared = "tool" in report ? comparedRuns(report) : comparedSides(report);
  return {
    file,
    title: `Comparison of two results, ${compared.sides}`,
    verdict: verdictOf(report.verdict),
    findings: [
      comparisonFinding(compared),
      ...("tool" in report ? [report.allowed] : []),
      ...(report.verdict === "PASS" ? [] : report.reasons),
    ],
    blocks: [
      ...comparisonBlocks([compared]),
      {
        kind: "missing",
        title: "Distributions and environment",
        text: "A verdict over two files holds neither; name the two results beside it",
      },
    ],
  };
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
