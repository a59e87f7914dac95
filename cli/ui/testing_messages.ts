/** Messages that no engine was needed for. */

import type { CaseRow, ReportSummary } from "../../conformance/mod.ts";
import type { AdapterFacts, SuiteReport } from "./messages.ts";

/** A case with an outcome. */
export function caseRow(query: string, outcome: CaseRow["outcome"]): CaseRow {
  const repeat = outcome.kind === "fail" ? `headwise conformance --filter '${query}'` : "";
  return { kind: "case", query, clauses: ["mask/full"], outcome, elapsedMs: 1, repeat };
}

/** A pass that used a share of its budget. */
export function passed(query: string, budgetUsed: number | null): CaseRow {
  return caseRow(query, { kind: "pass", budgetUsed });
}

/** A failure. */
export function failed(query: string): CaseRow {
  return caseRow(query, { kind: "fail", message: "expected <b>2</b>, found 1", budgetUsed: 1.5 });
}

/** A report of counts alone. */
export function suiteReport(summary: Partial<ReportSummary>, complete = true): SuiteReport {
  const none = { passed: 0, failed: 0, expectedFailures: 0, unexpectedPasses: 0, skipped: 0 };
  const rest = { subjectErrors: 0, suiteErrors: 0, missingCapabilities: [], elapsedMs: 1000 };
  return { summary: { ...none, ...rest, worstBudgetUsed: null, ...summary }, complete, text: "" };
}

/** An adapter. */
export const ADAPTER: AdapterFacts = {
  name: "a GPU",
  isSoftware: false,
  hasTimestamps: true,
  details: [["Vendor", "somebody"]],
};
