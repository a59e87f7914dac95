/** Markdown: a table of suites by subject, then what did not pass, then what was skipped. */
import { markdownCode, markdownText } from "../../fixtures/mod.ts";
import { type CaseRow, caseStatus } from "../report.ts";
import type { ReportFile } from "../report_file.ts";
import {
  countByColumn,
  describeCase,
  describeCut,
  describeDifferences,
  groupOf,
  percent,
} from "./phrases.ts";

/** Renders reports, one section each. */
export function renderMarkdown(reports: readonly ReportFile[]): string {
  return reports.flatMap(sectionOf).join("\n");
}

function sectionOf(report: ReportFile): string[] {
  const { cases, run } = report;
  const groups = Map.groupBy(cases, groupOf);
  const lines = [
    `# Conformance of ${markdownText(run.subject)}`,
    "",
    ...describeCut(report).flatMap((cut) => [`**${cut}.**`, ""]),
    "| suite | passed | failed | known | skipped | errors | budget used |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...[...groups].map(([name, members]) => suiteRow(name, members)),
    "",
  ];
  lines.push(...listOf("Wrong", cases, ["fail", "xpass", "error"]));
  lines.push(...listOf("Known failures", cases, ["xfail"]));
  const missing = cases.flatMap(({ outcome }) => outcome.kind === "skip" ? outcome.missing : []);
  const lacks = [...new Set(missing)].sort();
  const differences = describeDifferences(run);
  if (differences.length > 0) {
    lines.push(
      "## Different by declaration",
      "",
      ...differences.map((text) => `- ${markdownText(text)}`),
      "",
    );
  }
  if (lacks.length > 0) {
    lines.push("## Not claimed", "", ...lacks.map((name) => `- ${markdownText(name)}`), "");
  }
  return lines;
}

function listOf(title: string, cases: readonly CaseRow[], statuses: readonly string[]): string[] {
  const members = cases.filter((row) => statuses.includes(caseStatus(row)));
  if (members.length === 0) return [];
  const entries = members.map((row) => {
    const repeat = row.repeat === "" ? "" : `; repeat with ${markdownCode(row.repeat)}`;
    const clauses = markdownText(row.clauses.join(", "));
    const what = markdownText(describeCase(row));
    return `- ${markdownCode(row.query)} (${clauses}): ${what}${repeat}`;
  });
  return [`## ${title}`, "", ...entries, ""];
}

function suiteRow(name: string, members: readonly CaseRow[]): string {
  const budgets = members.flatMap(({ outcome }) =>
    outcome.kind === "pass" && outcome.budgetUsed !== null ? [outcome.budgetUsed] : []
  );
  const budget = budgets.length === 0 ? "" : percent(Math.max(...budgets));
  return `| ${markdownCode(name, { inTable: true })} | ${
    countByColumn(members).join(" | ")
  } | ${budget} |`;
}
