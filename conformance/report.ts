/**
 * The report of a run: rows that are only ever appended, one JSON object a line. Every other form
 * of report is a rendering of them.
 */
import type { Outcome } from "./outcome.ts";

/** Version of the row format. */
export const REPORT_VERSION = 1;

/** First row. */
export interface RunRow {
  /** Tells rows apart. */
  readonly kind: "run";
  /** {@linkcode REPORT_VERSION} of the writer. */
  readonly version: number;
  /** Name of the subject. */
  readonly subject: string;
  /** What the subject claims, sorted. */
  readonly capabilities: readonly string[];
  /** Filters of the run, printed; none means everything. */
  readonly filters: readonly string[];
  /** Cases that the run has. */
  readonly cases: number;
}

/** One case. */
export interface CaseRow {
  /** Tells rows apart. */
  readonly kind: "case";
  /** Id of the case. */
  readonly query: string;
  /** Clauses that it judges. */
  readonly clauses: readonly string[];
  /** What became of it. */
  readonly outcome: Outcome;
  /** Time that it took, in milliseconds. */
  readonly elapsedMs: number;
  /** Command that repeats it; empty unless it failed. */
  readonly repeat: string;
}

/** Counts of a run. */
export interface ReportSummary {
  /** Cases that passed. */
  readonly passed: number;
  /** Cases that failed. */
  readonly failed: number;
  /** Cases that need a capability that the subject lacks. */
  readonly skipped: number;
  /** Cases in which the subject threw or did not answer in time. */
  readonly subjectErrors: number;
  /** Cases in which the suite itself broke. */
  readonly suiteErrors: number;
  /** Capabilities that were missing, sorted. */
  readonly missingCapabilities: readonly string[];
  /** Largest share of an error budget that a passed case used; null if none has a budget. */
  readonly worstBudgetUsed: number | null;
  /** Time of the whole run, in milliseconds. */
  readonly elapsedMs: number;
}

/** Last row. */
export interface EndRow {
  /** Tells rows apart. */
  readonly kind: "end";
  /** Counts. */
  readonly summary: ReportSummary;
}

/** A row of a report. */
export type ReportRow = RunRow | CaseRow | EndRow;

/** A finished report. */
export interface ConformanceReport {
  /** Every row, in the order of writing. */
  readonly rows: readonly ReportRow[];
  /** The summary of the last row. */
  readonly summary: ReportSummary;
}

/**
 * Picks the rows of cases.
 *
 * @param rows Rows of a report.
 * @returns Its cases in order.
 *
 * @example An empty report has no case
 * ```ts
 * import { caseRows } from "@headwise/headwise/conformance";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(caseRows([]), []);
 * ```
 */
export function caseRows(rows: readonly ReportRow[]): CaseRow[] {
  return rows.filter((row) => row.kind === "case");
}

/**
 * Counts the outcomes of cases.
 *
 * @param rows Rows of a report.
 * @param elapsedMs Time of the whole run.
 * @returns The summary.
 *
 * @example Nothing ran
 * ```ts
 * import { summarizeRows } from "@headwise/headwise/conformance";
 * import assert from "node:assert/strict";
 *
 * assert.equal(summarizeRows([], 0).passed, 0);
 * ```
 */
export function summarizeRows(rows: readonly ReportRow[], elapsedMs: number): ReportSummary {
  const outcomes = caseRows(rows).map((row) => row.outcome);
  const count = (test: (outcome: Outcome) => boolean): number => outcomes.filter(test).length;
  const budgets = outcomes.flatMap((outcome) =>
    outcome.kind === "pass" && outcome.budgetUsed !== null ? [outcome.budgetUsed] : []
  );
  const missing = outcomes.flatMap((outcome) => outcome.kind === "skip" ? outcome.missing : []);
  return {
    passed: count((outcome) => outcome.kind === "pass"),
    failed: count((outcome) => outcome.kind === "fail"),
    skipped: count((outcome) => outcome.kind === "skip"),
    subjectErrors: count((outcome) => outcome.kind === "error" && outcome.origin === "subject"),
    suiteErrors: count((outcome) => outcome.kind === "error" && outcome.origin === "suite"),
    missingCapabilities: [...new Set<string>(missing)].sort(),
    worstBudgetUsed: budgets.length === 0 ? null : Math.max(...budgets),
    elapsedMs,
  };
}

/** Exit codes of a run. */
export type ConformanceExitCode = 0 | 1 | 2 | 3 | 4;

/**
 * Chooses the exit code of a run: 0 conformant, 1 not, 2 no case matched, 3 the suite broke, 4 the
 * subject broke. A fault outranks a failure, because a broken run proves nothing.
 *
 * @param summary Counts of the run.
 * @returns The code.
 *
 * @example No case is a usage error
 * ```ts
 * import { exitCodeOf, summarizeRows } from "@headwise/headwise/conformance";
 * import assert from "node:assert/strict";
 *
 * assert.equal(exitCodeOf(summarizeRows([], 0)), 2);
 * ```
 */
export function exitCodeOf(summary: ReportSummary): ConformanceExitCode {
  if (summary.suiteErrors > 0) {
    return 3;
  }
  if (summary.subjectErrors > 0) {
    return 4;
  }
  if (summary.failed > 0) {
    return 1;
  }
  return summary.passed + summary.skipped === 0 ? 2 : 0;
}
