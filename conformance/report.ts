/**
 * The report of a run: rows that are only ever appended, one JSON object a line. Every other form
 * of report is a rendering of them.
 */
import type { Outcome } from "./outcome.ts";
import type { PolicyDifference } from "./policies.ts";

/** Version of the row format. */
export const REPORT_VERSION = 2;

/** A part of a run. */
export interface Shard {
  /** Which part, from 1. */
  readonly index: number;
  /** Number of parts. */
  readonly count: number;
}

/** First row. */
export interface RunRow {
  /** Tells rows apart. */
  readonly kind: "run";
  /** {@linkcode REPORT_VERSION} of the writer. */
  readonly version: number;
  /** Version of the suite. */
  readonly suiteVersion: string;
  /** Name of the subject. */
  readonly subject: string;
  /** What else the subject reports itself, such as its device. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Machine and runtime that the suite ran on. */
  readonly environment: Readonly<Record<string, string>>;
  /** What the subject claims, sorted. */
  readonly capabilities: readonly string[];
  /** What the subject decides otherwise than the default, by declaration; absent where nothing. */
  readonly policies?: readonly PolicyDifference[];
  /** Filters of the run, printed; none means everything. */
  readonly filters: readonly string[];
  /** Seed of random sequences; every other seed follows from a case's id. */
  readonly seed: number;
  /** Command that started the run; empty where a program did. */
  readonly commandLine: string;
  /** Part of the run that this is; null for the whole. */
  readonly shard: Shard | null;
  /** Cases of this report. */
  readonly cases: number;
  /** Cases of all shards together. */
  readonly selectedCases: number;
  /** SHA-256 of all that shards of one run have in common. */
  readonly runDigest: string;
}

/** What an expectations file says of a case. */
export interface CaseExpectation {
  /** `expected`: a failure that is known; `unexpected-pass`; `expired`: a failure known too long. */
  readonly state: "expected" | "unexpected-pass" | "expired";
  /** Why the case fails. */
  readonly reason: string;
  /** Where the failure is tracked. */
  readonly issue: string;
  /** Last day on which the failure is accepted, YYYY-MM-DD. */
  readonly expires: string;
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
  /** What an expectations file says of it; absent where it says nothing that matters. */
  readonly expectation?: CaseExpectation;
  /** Time that it took, in milliseconds. */
  readonly elapsedMs: number;
  /** Command that repeats it; empty unless it failed. */
  readonly repeat: string;
}

/** Counts of a run. */
export interface ReportSummary {
  /** Cases that passed. */
  readonly passed: number;
  /** Cases that failed, known failures left out. */
  readonly failed: number;
  /** Cases that failed as an expectations file says. */
  readonly expectedFailures: number;
  /** Cases that passed where an expectations file says that they fail; counted as passed too. */
  readonly unexpectedPasses: number;
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
  /** SHA-256 of every line before this one, line ends included. */
  readonly digest: string;
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
 */
export function caseRows(rows: readonly ReportRow[]): CaseRow[] {
  return rows.filter((row) => row.kind === "case");
}

/** Statuses of a case after expectations: `xfail` is a known failure, `xpass` one that is gone. */
export type CaseStatus = "pass" | "fail" | "xfail" | "xpass" | "skip" | "error";

/**
 * Tells what a case counts as.
 *
 * @param row The case.
 * @returns Its status.
 */
export function caseStatus(row: Pick<CaseRow, "outcome" | "expectation">): CaseStatus {
  const { outcome, expectation } = row;
  if (outcome.kind === "fail" && expectation?.state === "expected") return "xfail";
  if (outcome.kind === "pass" && expectation?.state === "unexpected-pass") return "xpass";
  return outcome.kind;
}

/**
 * Counts the outcomes of cases.
 *
 * @param rows Rows of a report.
 * @param elapsedMs Time of the whole run.
 * @returns The summary.
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
 *
 * @param summary Counts of the run.
 * @returns The code.
 */
export function exitCodeOf(summary: ReportSummary): ConformanceExitCode {
  if (summary.suiteErrors > 0) return 3;
  if (summary.subjectErrors > 0) return 4;
  if (summary.failed + summary.unexpectedPasses > 0) return 1;
  if (summary.passed + summary.expectedFailures > 0) return 0;
  return summary.skipped > 0 ? 5 : 2;
}
