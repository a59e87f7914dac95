import type { ReportStyle } from "../terminal/mod.ts";
import { exitCodeOf, renderReports, type ReportFile } from "../../conformance/mod.ts";
import { renderCase, renderSummary } from "./conformance.ts";
import { EXIT } from "../exit_code.ts";
import type { ReportFormat } from "../settings/mod.ts";

/**
 * Lays out reports in a form.
 *
 * @param format The form; `text` is that of a run on a terminal.
 * @param o The reports, and the style of `text`.
 * @returns The document, ending in a newline.
 */
export function printReports(
  format: ReportFormat,
  o: { readonly reports: readonly ReportFile[]; readonly style: ReportStyle },
): string {
  if (format !== "text") return renderReports(format, o.reports);
  const lines = o.reports.flatMap((report) => reportLines(report, o.style));
  return `${lines.join("\n")}\n`;
}

/**
 * Chooses the exit code that runs would have ended with: the worst of them, and 3 for a run that
 * was cut off.
 */
export function exitCodeOfReports(reports: readonly ReportFile[]): number {
  const codes = reports.map(({ complete, summary }) =>
    complete ? exitCodeOf(summary) : EXIT.inconclusive
  );
  // A failure outranks a run that judged nothing, whatever their numbers.
  const worst = Math.max(EXIT.ok, ...codes.filter((code) => code !== EXIT.nothingRan));
  return worst === EXIT.ok && codes.includes(EXIT.nothingRan) ? EXIT.nothingRan : worst;
}

function reportLines(report: ReportFile, style: ReportStyle): string[] {
  const { run, cases, summary, complete } = report;
  const part = run.shard === null ? "" : `, shard ${run.shard.index} of ${run.shard.count}`;
  const cut = `The run ended after ${cases.length} of ${run.cases} cases`;
  return [
    ...cases.flatMap((row) => renderCase(row, style)),
    ...(complete ? [] : [style.paint.yellow(cut)]),
    ...renderSummary(summary, { subject: `${run.subject}${part}`, style, complete }),
  ];
}
