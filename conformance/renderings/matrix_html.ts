/** One self-contained page: suites by implementation, without a script or a request. */
import { shortenCapabilities } from "../cache_formats.ts";
import { type CaseRow, caseStatus } from "../report.ts";
import type { ReportFile } from "../report_file.ts";
import { MATRIX_STYLE } from "./matrix_style.ts";
import { describeCase, describeCut, escapeXml, groupOf } from "./phrases.ts";

/** Renders reports, one column each. */
export function renderMatrix(reports: readonly ReportFile[]): string {
  const groups = [...new Set(reports.flatMap(({ cases }) => cases.map(groupOf)))].sort();
  return [
    "<!doctype html>",
    '<html lang="en">',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    "<title>Conformance of head-wise paged KV caches</title>",
    `<style>${MATRIX_STYLE}</style>`,
    "<h1>Conformance of head-wise paged KV caches</h1>",
    legend(),
    '<div class="scroll"><table>',
    `<thead><tr><th scope="col">suite</th>${reports.map(headingOf).join("")}</tr></thead>`,
    "<tbody>",
    ...groups.map((group) => rowOf(group, reports)),
    "</tbody></table></div>",
    ...reports.flatMap(detailsOf),
    "</html>",
    "",
  ].join("\n");
}

type Mark = "pass" | "fail" | "known" | "skip" | "error" | "none";

const MARKS: Readonly<Record<Mark, string>> = {
  pass: "all passed",
  fail: "some failed",
  known: "known failures",
  skip: "lacks the capability",
  error: "no verdict",
  none: "not run",
};

function legend(): string {
  const items = Object.entries(MARKS).map(([mark, text]) =>
    `<span class="${mark}">${escapeXml(text)}</span>`
  );
  return `<p class="legend">${items.join(" ")}</p>`;
}

function headingOf(report: ReportFile): string {
  const { run, summary } = report;
  const metadata = Object.values(run.metadata);
  const failed = summary.failed + summary.unexpectedPasses;
  const counts = `${summary.passed} passed, ${failed} failed, ${summary.skipped} skipped`;
  const lines = [...metadata, counts, ...describeCut(report)];
  return `<th scope="col">${escapeXml(run.subject)}${
    lines.map((line) => `<small>${escapeXml(line)}</small>`).join("")
  }</th>`;
}

function rowOf(group: string, reports: readonly ReportFile[]): string {
  const cells = reports.map(({ cases }) => {
    const members = cases.filter((row) => groupOf(row) === group);
    const passed = members.filter(({ outcome }) => outcome.kind === "pass").length;
    const mark = markOf(members);
    const text = mark === "none"
      ? "–"
      : mark === "skip"
      ? "skipped"
      : `${passed}/${members.length}`;
    return `<td class="${mark}" title="${escapeXml(MARKS[mark])}">${text}</td>`;
  });
  return `<tr><th scope="row"><code>${escapeXml(group)}</code></th>${cells.join("")}</tr>`;
}

function markOf(members: readonly CaseRow[]): Mark {
  const statuses = new Set(members.map(caseStatus));
  if (statuses.size === 0) return "none";
  if (statuses.has("fail") || statuses.has("xpass")) return "fail";
  if (statuses.has("error")) return "error";
  if (statuses.has("xfail")) return "known";
  return statuses.has("pass") ? "pass" : "skip";
}

function detailsOf(report: ReportFile): string[] {
  const bad = report.cases.filter((row) => !["pass", "skip"].includes(caseStatus(row)));
  const { run, summary } = report;
  const facts = {
    ...run.metadata,
    suite: run.suiteVersion,
    ...run.environment,
    seed: String(run.seed),
    command: run.commandLine || "none",
    lacks: shortenCapabilities(summary.missingCapabilities).join(", ") || "nothing",
  };
  return [
    `<h2>${escapeXml(run.subject)}</h2>`,
    `<dl>${
      Object.entries(facts).map(([name, value]) =>
        `<dt>${escapeXml(name)}</dt><dd>${escapeXml(value)}</dd>`
      ).join("")
    }</dl>`,
    ...bad.map((row) =>
      `<details><summary><code>${escapeXml(row.query)}</code> ${
        escapeXml(row.clauses.join(", "))
      }</summary><p>${escapeXml(describeCase(row))}</p><pre>${
        escapeXml(row.repeat)
      }</pre></details>`
    ),
  ];
}
