/** What is read off the rows of a report; every other form of report is a rendering of them. */
import type { CaseRow, Outcome, ReportRow, ReportSummary } from "./report_schema.ts";

export type {
  CaseExpectation,
  CaseRow,
  EndRow,
  ReportRow,
  ReportSummary,
  RunRow,
  Shard,
} from "./report_schema.ts";
export { REPORT_VERSION } from "./report_schema.ts";

/** A finished report. */
export interface ConformanceReport {
  /** Every row, in the order of writing. */
  readonly rows: readonly ReportRow[];
  /** The summary of the last row. */
  readonly summary: ReportSummary;
}

/** Picks the rows of cases. */
export function caseRows(rows: readonly ReportRow[]): CaseRow[] {
  return rows.filter((row) => row.kind === "case");
}

/** Statuses of a case after expectations: `xfail` is a known failure, `xpass` one that is gone. */
export type CaseStatus = "pass" | "fail" | "xfail" | "xpass" | "skip" | "error";

/** Tells what a case counts as. */
export function caseStatus(row: Pick<CaseRow, "outcome" | "expectation">): CaseStatus {
  const { outcome, expectation } = row;
  if (outcome.kind === "fail" && expectation?.state === "expected") return "xfail";
  if (outcome.kind === "pass" && expectation?.state === "unexpected-pass") return "xpass";
  return outcome.kind;
}

/**
 * Counts the outcomes of cases.
 *
 * @param elapsedMs Time of the whole run.
 */
export function summarizeRows(rows: readonly ReportRow[], elapsedMs: number): ReportSummary {
  const cases = caseRows(rows);
  const outcomes = cases.map((row) => row.outcome);
  const count = (test: (outcome: Outcome) => boolean): number => outcomes.filter(test).length;
  const countStatus = (status: CaseStatus): number =>
    cases.filter((row) => caseStatus(row) === status).length;
  const budgets = outcomes.flatMap((outcome) =>
    outcome.kind === "pass" && outcome.budgetUsed !== null ? [outcome.budgetUsed] : []
  );
  const missing = outcomes.flatMap((outcome) => outcome.kind === "skip" ? outcome.missing : []);
  return {
    passed: count((outcome) => outcome.kind === "pass"),
    failed: countStatus("fail"),
    expectedFailures: countStatus("xfail"),
    unexpectedPasses: countStatus("xpass"),
    skipped: count((outcome) => outcome.kind === "skip"),
    subjectErrors: count((outcome) => outcome.kind === "error" && outcome.origin === "subject"),
    suiteErrors: count((outcome) => outcome.kind === "error" && outcome.origin === "suite"),
    missingCapabilities: [...new Set<string>(missing)].sort(),
    worstBudgetUsed: budgets.length === 0 ? null : Math.max(...budgets),
    elapsedMs,
  };
}

/** Exit codes of a run. */
export type ConformanceExitCode = 0 | 1 | 2 | 3 | 4 | 5;

/**
 * Chooses the exit code of a run: 0 conformant, 1 not, 2 no case matched, 3 the suite broke, 4 the
 * subject broke, 5 every case was skipped. A fault outranks a failure, because a broken run proves nothing. A pass that an
 * expectations file denies is a failure: the file is wrong.
 */
export function exitCodeOf(summary: ReportSummary): ConformanceExitCode {
  if (summary.suiteErrors > 0) return 3;
  if (summary.subjectErrors > 0) return 4;
  if (summary.failed + summary.unexpectedPasses > 0) return 1;
  if (summary.passed + summary.expectedFailures > 0) return 0;
  return summary.skipped > 0 ? 5 : 2;
}
