/** TAP version 14. A known failure is a TODO; a run that was cut off is a bail-out. */
import { cleanLine } from "../../fixtures/mod.ts";
import { caseStatus } from "../report.ts";
import type { ReportFile } from "../report_file.ts";
import { describeCase, describeCaseOutcome, describeCut } from "./phrases.ts";

export function renderTap(report: ReportFile): string {
  const lines = report.cases.flatMap((row, index) => {
    const status = caseStatus(row);
    const ok = status === "pass" || status === "skip";
    const note = status === "skip"
      ? ` # SKIP ${escapeTap(describeCaseOutcome(row.outcome))}`
      : status === "xfail"
      ? ` # TODO ${escapeTap(row.expectation?.issue ?? "")}`
      : "";
    const line = `${ok ? "ok" : "not ok"} ${index + 1} - ${escapeTap(row.query)}${note}`;
    return ok ? [line] : [
      line,
      "  ---",
      `  message: ${JSON.stringify(describeCase(row))}`,
      `  severity: ${row.outcome.kind}`,
      `  repeat: ${JSON.stringify(row.repeat)}`,
      "  ...",
    ];
  });
  return [
    "TAP version 14",
    `1..${report.run.cases}`,
    ...lines,
    ...describeCut(report).map((cut) => `Bail out! ${cut}`),
    "",
  ].join("\n");
}

/** One line in which nothing begins a directive: a foreign ` # SKIP` would excuse a failure. */
function escapeTap(text: string): string {
  return cleanLine(text).replaceAll(/[\\#]/g, "\\$&");
}
