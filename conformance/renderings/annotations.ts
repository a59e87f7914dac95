/** Workflow commands of GitHub Actions: an annotation for each case that did not pass. */
import { cleanText } from "../../fixtures/mod.ts";
import { caseStatus } from "../report.ts";
import type { ReportFile } from "../report_file.ts";
import { describeCase, describeCut } from "./phrases.ts";

/** Renders reports as lines that a workflow prints. */
export function renderAnnotations(reports: readonly ReportFile[]): string {
  return reports.flatMap((report) => {
    const { subject } = report.run;
    const lines = report.cases.flatMap((row) => {
      const status = caseStatus(row);
      if (status === "pass" || status === "skip") return [];
      const repeat = row.repeat === "" ? "" : `\nRepeat: ${row.repeat}`;
      const title = `${subject}: ${row.query}`;
      const level = status === "xfail" ? "notice" : "error";
      return [annotation(level, { title, message: `${describeCase(row)}${repeat}` })];
    });
    const cuts = describeCut(report).map((message) =>
      annotation("error", { title: subject, message })
    );
    return [...lines, ...cuts];
  }).map((line) => `${line}\n`).join("");
}

function annotation(
  level: string,
  o: { readonly title: string; readonly message: string },
): string {
  const title = escapeData(o.title).replaceAll(":", "%3A").replaceAll(",", "%2C");
  return `::${level} title=${title}::${escapeData(o.message)}`;
}

function escapeData(text: string): string {
  const line = text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  return cleanText(line);
}
