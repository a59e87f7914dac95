/** JUnit XML: suites are `suite:path`, faults are errors and not failures. */
import { type CaseRow, caseStatus } from "../report.ts";
import type { ReportFile } from "../report_file.ts";
import { countCases, describeCase, describeCut, escapeXml, groupOf } from "./phrases.ts";

/** Renders reports as one document; several subjects are told apart by the names of their suites. */
export function renderJunit(reports: readonly ReportFile[]): string {
  const several = reports.length > 1;
  const suites = reports.flatMap((report) => {
    const groups = Map.groupBy(report.cases, groupOf);
    const named = (name: string): string => several ? `${report.run.subject} ${name}` : name;
    return [
      ...[...groups].flatMap(([name, members]) => [
        `  <testsuite name="${escapeXml(named(name))}"${countsOf(members)}>`,
        ...members.flatMap((row) => caseLines(named(name), row)),
        "  </testsuite>",
      ]),
      ...describeCut(report).flatMap((cut) => cutLines(named("run"), cut)),
    ];
  });
  const subjects = reports.map(({ run }) => run.subject).join(", ");
  const cuts = reports.filter(({ complete }) => !complete).length;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${escapeXml(subjects)}"` +
    `${countsOf(reports.flatMap(({ cases }) => cases), cuts)}>`,
    ...suites,
    "</testsuites>",
    "",
  ].join("\n");
}

function countsOf(cases: readonly CaseRow[], cuts = 0): string {
  const seconds = cases.reduce((sum, row) => sum + row.elapsedMs, 0) / 1000;
  return ` tests="${cases.length + cuts}" failures="${countCases(cases, "fail", "xpass")}"` +
    ` errors="${countCases(cases, "error") + cuts}"` +
    ` skipped="${countCases(cases, "skip", "xfail")}"` +
    ` time="${seconds.toFixed(3)}"`;
}

function cutLines(suite: string, message: string): string[] {
  return [
    `  <testsuite name="${escapeXml(suite)}" tests="1" failures="0" errors="1" skipped="0">`,
    `    <testcase classname="${escapeXml(suite)}" name="complete">`,
    `      <error message="${escapeXml(message)}"/>`,
    "    </testcase>",
    "  </testsuite>",
  ];
}

function caseLines(suite: string, row: CaseRow): string[] {
  const name = escapeXml(row.query.slice(groupOf(row).length + 1));
  const seconds = (row.elapsedMs / 1000).toFixed(3);
  const open = `    <testcase classname="${escapeXml(suite)}" name="${name}" time="${seconds}"`;
  const message = escapeXml(describeCase(row));
  const status = caseStatus(row);
  switch (status) {
    case "pass":
      return [`${open}/>`];
    case "skip":
    case "xfail":
      return [`${open}>`, `      <skipped message="${message}"/>`, "    </testcase>"];
    case "fail":
    case "xpass":
    case "error": {
      const element = status === "error" ? "error" : "failure";
      const body = `${escapeXml(row.clauses.join(", "))}: ${escapeXml(row.repeat)}`;
      return [
        `${open}>`,
        `      <${element} message="${message}">${body}</${element}>`,
        "    </testcase>",
      ];
    }
    default:
      return status satisfies never;
  }
}
