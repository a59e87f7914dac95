import {
  type CaseRow,
  caseStatus,
  describeCase,
  describeDifferences,
  type KillRow,
  type ReportSummary,
  type RunRow,
  shortenCapabilities,
} from "../../conformance/mod.ts";
import { describeBudget } from "./bench.ts";
import { indented, type ReportStyle, wrapText } from "../terminal/mod.ts";
import { formatDuration } from "../../fixtures/mod.ts";

/**
 * Lays out one case that did not pass, with the command that repeats it.
 *
 * @returns Lines; none for a case that passed or was skipped.
 */
export function renderCase(row: CaseRow, style: ReportStyle): string[] {
  const { paint } = style;
  const status = caseStatus(row);
  if (status === "pass" || status === "skip") return [];
  const loud = (word: string): string => paint.red(paint.bold(word));
  const { outcome } = row;
  const word = {
    fail: loud("FAIL"),
    error: loud(outcome.kind === "error" ? `${outcome.origin.toUpperCase()} ${outcome.code}` : ""),
    xpass: loud("UNEXPECTED PASS"),
    xfail: paint.yellow("KNOWN FAILURE"),
  }[status];
  return [
    `${word}  ${row.query}  ${paint.dim(row.clauses.join(" "))}`,
    ...indented(style, describeCase(row)),
    ...(row.repeat === "" ? [] : [`  ${paint.dim(`repeat: ${row.repeat}`)}`]),
  ];
}

/**
 * Lays out the counts of a run; the last line is `N passed, N failed, N skipped`.
 *
 * @param o Name of the subject, style, and whether every case ran.
 */
export function renderSummary(
  summary: ReportSummary,
  o: {
    readonly subject: string;
    readonly style: ReportStyle;
    readonly complete?: boolean;
    readonly policies?: RunRow["policies"];
  },
): string[] {
  const { paint } = o.style;
  const broken = summary.subjectErrors + summary.suiteErrors;
  const failed = summary.failed + summary.unexpectedPasses;
  const known = summary.expectedFailures;
  const verdict = failed > 0
    ? paint.red(paint.bold("NOT CONFORMANT"))
    : broken > 0
    ? paint.yellow(paint.bold("NO VERDICT"))
    : o.complete === false
    ? paint.yellow(paint.bold("INCOMPLETE"))
    : summary.passed === 0
    ? paint.yellow(paint.bold("NOTHING RAN"))
    : known > 0
    ? paint.yellow(paint.bold("CONFORMANT BUT FOR KNOWN FAILURES"))
    : paint.green(paint.bold("CONFORMANT"));
  const budget = summary.worstBudgetUsed === null
    ? ""
    : `, ${describeBudget(summary.worstBudgetUsed)} of an error bound used`;
  const missing = summary.missingCapabilities.length === 0
    ? []
    : [`not claimed: ${shortenCapabilities(summary.missingCapabilities).join(", ")}`];
  const faults = broken === 0
    ? []
    : [`  ${summary.subjectErrors} faults of the subject, ${summary.suiteErrors} of the suite`];
  return [
    `${verdict}  ${o.subject} in ${formatDuration(summary.elapsedMs)}${budget}`,
    ...indented(
      o.style,
      ...describeDifferences({ policies: o.policies ?? [] }).map((text) =>
        `different by declaration: ${text}`
      ),
      ...missing,
    ),
    ...faults,
    `${summary.passed} passed, ${failed + broken} failed, ${summary.skipped} skipped` +
    (known > 0 ? `, ${known} known failures` : ""),
  ];
}

/**
 * Lays out one row of the kill matrix.
 *
 * @returns Lines: the mutant with its fault, and the tests that rejected or should have rejected it.
 */
export function renderKillRow(row: KillRow, style: ReportStyle): string[] {
  const { paint, columns } = style;
  const word = row.killed ? paint.green("killed  ") : paint.red(paint.bold("SURVIVED"));
  const missed = row.expected.filter(({ failed }) => failed === 0).map(({ query }) => query);
  const lacking = [
    ...(missed.length === 0 ? [] : [`not rejected by ${missed.join(", ")}`]),
    ...(row.unproven.length === 0 ? [] : [`no rejection for ${row.unproven.join(", ")}`]),
  ];
  const proof = row.killed ? `by ${row.rejectedBy.join(", ")}` : lacking.join("; ");
  const origin = row.origin === "field" ? "seen in an engine" : "made up";
  return [
    `${word}  ${paint.bold(row.mutant)}  ${paint.dim(`${origin}; ${row.violates.join(" ")}`)}`,
    ...wrapText(row.fault, { width: columns, indent: "          " }),
    ...wrapText(proof, { width: columns, indent: "          " }).map(paint.dim),
  ];
}
