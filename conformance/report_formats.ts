/** Renderings of a report: rows in, text out. */
import type { Outcome } from "./outcome.ts";
import { type CaseRow, caseRows, type ReportRow, type RunRow } from "./report.ts";

/**
 * Renders rows as JSON lines, the form in which they are kept.
 *
 * @param rows Rows of a report.
 * @returns One object a line, ending in a newline.
 *
 * @example No rows
 * ```ts
 * import { renderJsonLines } from "@headwise/headwise/conformance";
 * import assert from "node:assert/strict";
 *
 * assert.equal(renderJsonLines([]), "");
 * ```
 */
export function renderJsonLines(rows: readonly ReportRow[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}

/**
 * Renders rows as JUnit XML: suites are `suite:path`, faults are errors and not failures.
 *
 * @param rows Rows of a report.
 * @returns The document, ending in a newline.
 *
 * @example The root element
 * ```ts
 * import { renderJunit } from "@headwise/headwise/conformance";
 * import assert from "node:assert/strict";
 *
 * assert.match(renderJunit([]), /<testsuites name="headwise" tests="0"/);
 * ```
 */
export function renderJunit(rows: readonly ReportRow[]): string {
  const cases = caseRows(rows);
  const groups = Map.groupBy(cases, ({ query }) => query.split(":").slice(0, 2).join(":"));
  const suites = [...groups].flatMap(([name, members]) => [
    `  <testsuite name="${escapeXml(name)}"${junitCounts(members)}>`,
    ...members.flatMap((row) => junitCase(name, row)),
    "  </testsuite>",
  ]);
  const subject = runRow(rows)?.subject ?? "headwise";
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${escapeXml(subject)}"${junitCounts(cases)}>`,
    ...suites,
    "</testsuites>",
    "",
  ].join("\n");
}

/**
 * Renders rows as TAP version 14.
 *
 * @param rows Rows of a report.
 * @returns The document, ending in a newline.
 *
 * @example The plan of an empty run
 * ```ts
 * import { renderTap } from "@headwise/headwise/conformance";
 * import assert from "node:assert/strict";
 *
 * assert.equal(renderTap([]), "TAP version 14\n1..0\n");
 * ```
 */
export function renderTap(rows: readonly ReportRow[]): string {
  const cases = caseRows(rows);
  const lines = cases.flatMap((row, index) => {
    const { outcome } = row;
    const ok = outcome.kind === "pass" || outcome.kind === "skip" ? "ok" : "not ok";
    const note = outcome.kind === "skip" ? ` # SKIP ${describeCaseOutcome(outcome)}` : "";
    const line = `${ok} ${index + 1} - ${row.query}${note}`;
    return ok === "ok" ? [line] : [
      line,
      "  ---",
      `  message: ${JSON.stringify(describeCaseOutcome(outcome))}`,
      `  severity: ${outcome.kind}`,
      `  repeat: ${JSON.stringify(row.repeat)}`,
      "  ...",
    ];
  });
  return ["TAP version 14", `1..${cases.length}`, ...lines, ""].join("\n");
}

/**
 * Renders rows as Markdown: a table of suites, then what did not pass, then what was skipped.
 *
 * @param rows Rows of a report.
 * @returns The document, ending in a newline.
 *
 * @example The heading
 * ```ts
 * import { renderMarkdown } from "@headwise/headwise/conformance";
 * import assert from "node:assert/strict";
 *
 * assert.match(renderMarkdown([]), /^# Conformance/);
 * ```
 */
export function renderMarkdown(rows: readonly ReportRow[]): string {
  const cases = caseRows(rows);
  const groups = Map.groupBy(cases, ({ query }) => query.split(":").slice(0, 2).join(":"));
  const subject = runRow(rows)?.subject;
  const lines = [
    subject === undefined ? "# Conformance" : `# Conformance of ${subject}`,
    "",
    "| suite | passed | failed | skipped | errors | budget used |",
    "| --- | ---: | ---: | ---: | ---: | ---: |",
    ...[...groups].map(([name, members]) => markdownSuite(name, members)),
    "",
  ];
  const bad = cases.filter(({ outcome }) => outcome.kind === "fail" || outcome.kind === "error");
  if (bad.length > 0) {
    lines.push("## Not passed", "");
    lines.push(
      ...bad.map((row) =>
        `- \`${row.query}\` (${row.clauses.join(", ")}): ${describeCaseOutcome(row.outcome)}; ` +
        `repeat with \`${row.repeat}\``
      ),
      "",
    );
  }
  const missing = new Set(
    cases.flatMap(({ outcome }) => outcome.kind === "skip" ? outcome.missing : []),
  );
  if (missing.size > 0) {
    lines.push("## Skipped for want of", "", ...[...missing].sort().map((name) => `- ${name}`), "");
  }
  return lines.join("\n");
}

/**
 * Says in one phrase what became of a case.
 *
 * @param outcome The outcome.
 * @returns A phrase without a period.
 *
 * @example A skipped case
 * ```ts
 * import { describeCaseOutcome } from "@headwise/headwise/conformance";
 * import assert from "node:assert/strict";
 *
 * const outcome = { kind: "skip", missing: ["kernel.capture"] } as const;
 * assert.equal(describeCaseOutcome(outcome), "lacks kernel.capture");
 * ```
 */
export function describeCaseOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case "pass":
      return outcome.budgetUsed === null
        ? "passed"
        : `passed, ${percent(outcome.budgetUsed)} of the budget used`;
    case "fail":
      return outcome.message;
    case "skip":
      return `lacks ${outcome.missing.join(", ")}`;
    case "error":
      return `${outcome.origin} ${outcome.code}: ${outcome.message}`;
    default:
      return outcome satisfies never;
  }
}

function runRow(rows: readonly ReportRow[]): RunRow | undefined {
  return rows.find((row) => row.kind === "run");
}

function countOf(cases: readonly CaseRow[], kind: Outcome["kind"]): number {
  return cases.filter(({ outcome }) => outcome.kind === kind).length;
}

function junitCounts(cases: readonly CaseRow[]): string {
  const seconds = cases.reduce((sum, row) => sum + row.elapsedMs, 0) / 1000;
  return ` tests="${cases.length}" failures="${countOf(cases, "fail")}"` +
    ` errors="${countOf(cases, "error")}" skipped="${countOf(cases, "skip")}"` +
    ` time="${seconds.toFixed(3)}"`;
}

function junitCase(suite: string, row: CaseRow): string[] {
  const { outcome } = row;
  const name = escapeXml(row.query.slice(suite.length + 1));
  const seconds = (row.elapsedMs / 1000).toFixed(3);
  const open = `    <testcase classname="${escapeXml(suite)}" name="${name}" time="${seconds}"`;
  const text = escapeXml(describeCaseOutcome(outcome));
  switch (outcome.kind) {
    case "pass":
      return [`${open}/>`];
    case "skip":
      return [`${open}>`, `      <skipped message="${text}"/>`, "    </testcase>"];
    case "fail":
    case "error": {
      const element = outcome.kind === "fail" ? "failure" : "error";
      const body = `${escapeXml(row.clauses.join(", "))}: ${escapeXml(row.repeat)}`;
      return [
        `${open}>`,
        `      <${element} message="${text}">${body}</${element}>`,
        "    </testcase>",
      ];
    }
    default:
      return outcome satisfies never;
  }
}

function markdownSuite(name: string, members: readonly CaseRow[]): string {
  const budgets = members.flatMap(({ outcome }) =>
    outcome.kind === "pass" && outcome.budgetUsed !== null ? [outcome.budgetUsed] : []
  );
  const budget = budgets.length === 0 ? "" : percent(Math.max(...budgets));
  const counts = (["pass", "fail", "skip", "error"] as const).map((kind) => countOf(members, kind));
  return `| \`${name}\` | ${counts.join(" | ")} | ${budget} |`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

const XML_ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** XML 1.0 has no way at all to write most control characters, so they are shown as U+FFFD. */
function escapeXml(text: string): string {
  return text
    // deno-lint-ignore no-control-regex
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "\ufffd")
    .replaceAll(/[&<>"']/g, (character) => XML_ENTITIES[character] ?? character);
}
