/** The matrix of families and verdicts, and what failed. */

import { type CaseRow, describeCase, type ReportSummary } from "../../conformance/mod.ts";
import { type Element, element, table, type View } from "./element.ts";
import { countFamilies, type FamilyCounts } from "./matrix.ts";
import type { SuiteReport } from "./messages.ts";

/** Failures beyond this many are counted, not listed; the report has all of them. */
const MAX_LISTED = 100;

/** Shows the verdict of a finished run. */
export function viewVerdict(report: SuiteReport | null): View[] {
  if (report === null) return [];
  const { word, mark } = verdictOf(report);
  return [element("p", { class: `verdict ${mark}` }, word)];
}

function verdictOf(
  { summary, complete }: { readonly summary: ReportSummary; readonly complete: boolean },
): { readonly word: string; readonly mark: string } {
  if (summary.failed > 0) return { word: "Not conformant", mark: "fail" };
  if (summary.subjectErrors + summary.suiteErrors > 0) {
    return { word: "No verdict", mark: "broken" };
  }
  if (!complete) return { word: "Incomplete", mark: "broken" };
  if (summary.passed === 0) return { word: "Nothing ran", mark: "broken" };
  return { word: "Conformant", mark: "pass" };
}

/** Shows counts of each family, and the largest share of an error budget in it. */
export function viewMatrix(cases: readonly CaseRow[]): View[] {
  if (cases.length === 0) return [];
  const families = countFamilies(cases);
  const hasBroken = families.some(({ broken }) => broken > 0);
  return [
    table({
      id: "matrix",
      caption: "Cases by family of tests, and the largest share of an error budget",
      names: "Tests",
      figures: ["passed", "failed", ...(hasBroken ? ["broken"] : []), "skipped"],
      others: [element("th", { scope: "col", class: "budget" }, "budget used")],
      rows: families.map((family) => familyRow(family, hasBroken)),
    }),
  ];
}

function familyRow(row: FamilyCounts, hasBroken: boolean): Element {
  const { family, passed, failed, broken, skipped, budgetUsed } = row;
  const count = (value: number, mark: string): Element =>
    element("td", { class: value > 0 ? `number ${mark}` : "number none" }, String(value));
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, element("code", {}, family)),
    count(passed, "pass"),
    count(failed, "fail"),
    ...(hasBroken ? [count(broken, "broken")] : []),
    count(skipped, "skip"),
    element("td", { class: "budget" }, ...budgetMeter(budgetUsed)),
  );
}

function budgetMeter(share: number | null): View[] {
  if (share === null) return [element("span", { class: "none" }, "no budget")];
  const text = share < 0.001 ? "< 0.1 %" : `${(share * 100).toFixed(1)} %`;
  return [
    element("meter", { min: 0, max: 1, value: share.toFixed(4), "aria-hidden": "true" }),
    element("span", {}, text),
  ];
}

/** Lists what failed or broke, each with the command that repeats it. */
export function viewFailures(bad: readonly CaseRow[]): View[] {
  if (bad.length === 0) return [];
  const rest = bad.length - MAX_LISTED;
  return [
    element("h3", {}, `${bad.length} failed`),
    ...bad.slice(0, MAX_LISTED).map((row) =>
      element(
        "details",
        { class: "failure" },
        element("summary", {}, element("code", {}, row.query)),
        element("p", {}, describeCase(row)),
        element("p", { class: "quiet" }, `Clauses: ${row.clauses.join(", ")}. Repeat it with`),
        element("pre", { tabindex: 0 }, row.repeat),
      )
    ),
    ...(rest > 0 ? [element("p", {}, `${rest} more stand in the report.`)] : []),
  ];
}
