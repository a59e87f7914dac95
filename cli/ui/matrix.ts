/** Counts of a run by family of tests. */

import { type CaseRow, groupOf } from "../../conformance/mod.ts";

/** One family. */
export interface FamilyCounts {
  /** Query that covers it. */
  readonly family: string;
  /** Cases that passed. */
  readonly passed: number;
  /** Cases that failed. */
  readonly failed: number;
  /** Cases without a verdict: the subject or the suite broke. */
  readonly broken: number;
  /** Cases that lack a capability. */
  readonly skipped: number;
  /** Largest share of an error budget that a passed case used; null where none has a budget. */
  readonly budgetUsed: number | null;
}

/** Counts cases by family, families by name. */
export function countFamilies(cases: readonly CaseRow[]): FamilyCounts[] {
  const families = Map.groupBy(cases, groupOf);
  return [...families].map(([family, rows]) => {
    const count = (kind: CaseRow["outcome"]["kind"]): number =>
      rows.filter(({ outcome }) => outcome.kind === kind).length;
    const budgets = rows.flatMap(({ outcome }) =>
      outcome.kind === "pass" && outcome.budgetUsed !== null ? [outcome.budgetUsed] : []
    );
    return {
      family,
      passed: count("pass"),
      failed: count("fail"),
      broken: count("error"),
      skipped: count("skip"),
      budgetUsed: budgets.length === 0 ? null : Math.max(...budgets),
    };
  }).sort((a, b) => (a.family < b.family ? -1 : 1));
}
