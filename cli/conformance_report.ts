import type { CaseRow, KillRow, ReportSummary } from "../conformance/mod.ts";
import { describeBudget } from "./bench_report.ts";
import type { ReportStyle } from "./gate_report.ts";
import { wrapText } from "./table.ts";
import { formatDuration } from "./units.ts";

/**
 * Lays out one case that did not pass, with the command that repeats it.
 *
 * @param row The case.
 * @param style Colours and width.
 * @returns Lines; none for a case that passed or was skipped.
 */
export function renderCase(row: CaseRow, style: ReportStyle): string[] {
  const { paint, columns } = style;
  const { outcome } = row;
  if (outcome.kind === "pass" || outcome.kind === "skip") return [];
  const word = outcome.kind === "fail" ? "FAIL" : `${outcome.origin.toUpperCase()} ${outcome.code}`;
  return [
    `${paint.red(paint.bold(word))}  ${row.query}  ${paint.dim(row.clauses.join(" "))}`,
    ...wrapText(outcome.message, { width: columns, indent: "  " }),
    `  ${paint.dim(`repeat: ${row.repeat}`)}`,
  ];
}

/**
 * Lays out the counts of a run; the last line is `N passed, N failed, N skipped`.
 *
 * @param summary Counts of the run.
 * @param o Name of the subject, and style.
 * @returns Lines.
 */
export function renderSummary(
  summary: ReportSummary,
  o: { readonly subject: string; readonly style: ReportStyle },
): string[] {
  const { paint, columns } = o.style;
  const broken = summary.subjectErrors + summary.suiteErrors;
  const verdict = summary.failed > 0
    ? paint.red(paint.bold("NOT CONFORMANT"))
    : broken > 0
    ? paint.yellow(paint.bold("NO VERDICT"))
    : summary.passed === 0
    ? paint.yellow(paint.bold("NOTHING RAN"))
    : paint.green(paint.bold("CONFORMANT"));
  const budget = summary.worstBudgetUsed === null
    ? ""
    : `, ${describeBudget(summary.worstBudgetUsed)} of an error bound used`;
  const missing = summary.missingCapabilities.length === 0
    ? []
    : wrapText(`skipped for lack of: ${summary.missingCapabilities.join(", ")}`, {
      width: columns,
      indent: "  ",
    });
  const faults = broken === 0
    ? []
    : [`  ${summary.subjectErrors} faults of the subject, ${summary.suiteErrors} of the suite`];
  return [
    `${verdict}  ${o.subject} in ${formatDuration(summary.elapsedMs)}${budget}`,
    ...missing,
    ...faults,
    `${summary.passed} passed, ${summary.failed + broken} failed, ${summary.skipped} skipped`,
  ];
}

/**
 * Lays out one row of the kill matrix.
 *
 * @param row A mutant, and what rejected it.
 * @param style Colours and width.
 * @returns Lines: the mutant with its fault, and the tests that rejected or should have rejected it.
 */
export function renderKillRow(row: KillRow, style: ReportStyle): string[] {
  const { paint, columns } = style;
  const word = row.killed ? paint.green("killed  ") : paint.red(paint.bold("SURVIVED"));
  const missed = row.expected.filter(({ failed }) => failed === 0).map(({ query }) => query);
  const proof = row.killed
    ? `by ${row.rejectedBy.join(", ")}`
    : `not rejected by ${missed.join(", ")}`;
  return [
    `${word}  ${paint.bold(row.mutant)}`,
    ...wrapText(row.fault, { width: columns, indent: "          " }),
    ...wrapText(proof, { width: columns, indent: "          " }).map(paint.dim),
  ];
}
