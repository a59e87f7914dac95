/** Phrases that every rendering of a report shares. */
import { cleanText } from "../../fixtures/mod.ts";
import type { Outcome } from "../outcome.ts";
import { type CaseRow, type CaseStatus, caseStatus, type RunRow } from "../report.ts";
import type { ReportFile } from "../report_file.ts";

/** Says in one phrase what became of a case. */
export function describeCaseOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case "pass":
      return [
        "passed",
        ...(outcome.budgetUsed === null
          ? []
          : [`${percent(outcome.budgetUsed)} of the budget used`]),
        ...(outcome.note === undefined ? [] : [outcome.note]),
      ].join(", ");
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

/** Says in one phrase what became of a case, with what an expectations file says of it. */
export function describeCase(row: Pick<CaseRow, "outcome" | "expectation">): string {
  const phrase = describeCaseOutcome(row.outcome);
  if (row.expectation === undefined) return phrase;
  const { state, reason, issue, expires } = row.expectation;
  switch (state) {
    case "unexpected-pass":
      return `unexpected pass: remove the expectation (${reason}, ${issue})`;
    case "expired":
      return `${phrase} (known since before ${expires}: ${reason}, ${issue}; fix it or move the date)`;
    case "expected":
      return `${phrase} (known: ${reason}, ${issue}, until ${expires})`;
    default:
      return state satisfies never;
  }
}

/** A share as a percentage. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Gives the family of a case: its suite and path. */
export function groupOf(row: Pick<CaseRow, "query">): string {
  return row.query.split(":").slice(0, 2).join(":");
}

/** Says how far an unfinished run came; nothing of a whole one. */
export function describeCut({ complete, cases, run }: ReportFile): [] | [string] {
  return complete ? [] : [`The run ended after ${cases.length} of ${run.cases} cases`];
}

/** Counts the cases that have one of some statuses. */
export function countCases(cases: readonly CaseRow[], ...statuses: readonly CaseStatus[]): number {
  return cases.filter((row) => statuses.includes(caseStatus(row))).length;
}

/** Counts cases that passed, failed, failed as expected, were skipped, and broke. */
export function countByColumn(cases: readonly CaseRow[]): number[] {
  const columns = [["pass"], ["fail", "xpass"], ["xfail"], ["skip"], ["error"]] as const;
  return columns.map((statuses) => countCases(cases, ...statuses));
}

const XML_ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** XML 1.0 has no way at all to write most control characters, so they are shown as U+FFFD. */
export function escapeXml(text: string): string {
  // deno-lint-ignore no-control-regex
  return cleanText(text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "\ufffd"))
    .replaceAll(/[&<>"']/g, (character) => XML_ENTITIES[character] ?? character);
}

/** Says what a subject decides otherwise than the default, one text a policy. */
export function describeDifferences({ policies = [] }: Pick<RunRow, "policies">): string[] {
  return policies.map(({ policy, declared, standard }) =>
    `${policy} ${declared} (default ${standard})`
  );
}
