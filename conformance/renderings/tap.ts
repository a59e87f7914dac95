/** TAP version 14. A known failure is a TODO; a run that was cut off is a bail-out. */
import { caseStatus } from "../report.ts";
import type { ReportFile } from "../report_file.ts";
import { describeCase, describeCaseOutcome, describeCut } from "./phrases.ts";

/** Renders one report. */
export function renderTap(report: ReportFile): string {
  const lines = report.cases.flatMap((row, index) => {
    const status = caseStatus(row);
    const ok = status === "pass" || status === "skip";
    const note = status === "skip"
      ? ` # SKIP ${describeCaseOutcome(row.outcome)}`
      : status === "xfail"
      ? ` # TODO ${row.expectation?.issue}`
      : "";
    const line = `${ok ? "ok" : "not ok"} ${index + 1} - ${row.query}${note}`;
    return ok ? [line] : [
      line,
      "  ---",
      `  message: ${JSON.stringify(describeCase(row))}`,
      `  severity: ${row.outcome.kind}`,
      `  repeat: ${JSON.stringify(row.repeat)}`,
      "  ...",
    ];
  });
  const cut = describeCut(report);
  return [
    "TAP version 14",
    `1..${report.run.cases}`,
    ...lines,
    ...(cut === null ? [] : [`Bail out! ${cut}`]),
    "",
  ].join("\n");
}
