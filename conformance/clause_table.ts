/** Markdown rendering of the clause registry. */
import { type Clause, listClauses, listPendingClauses } from "./clause.ts";
import { type CoverageInput, testsByClause } from "./clause_coverage.ts";

/**
 * Renders the clauses as Markdown, one table a section, with the number of tests of each.
 *
 * @param input Clauses, tests and pending list; the suite's own by default.
 * @returns The document, ending in a newline.
 *
 * @example The heading of the first section
 * ```ts
 * import { clausesMarkdown } from "@headwise/headwise/conformance";
 * import assert from "node:assert/strict";
 *
 * assert.match(clausesMarkdown(), /^## 1 Layouts$/m);
 * ```
 */
export function clausesMarkdown(input: CoverageInput = {}): string {
  const clauses = input.clauses ?? listClauses();
  const pending = new Set((input.pending ?? listPendingClauses()).map((entry) => entry.id));
  const tests = testsByClause(input);
  const sections = Map.groupBy(clauses, (clause) => clause.section);
  const lines = [
    "# Clauses",
    "",
    "Every normative sentence of the block-table ABI, and how many tests of the conformance suite",
    "name it. Written by `deno task headwise clauses --markdown > docs/clauses.md`; do not edit.",
    "",
  ];
  for (const [section, members] of [...sections].sort(([a], [b]) => a - b)) {
    lines.push(`## ${section} ${members[0]?.sectionTitle ?? ""}`, "");
    lines.push("| id | level | clause | why | tests |", "| --- | --- | --- | --- | --- |");
    for (const clause of members) {
      const count = tests.get(clause.id)?.length ?? 0;
      lines.push(clauseRow(clause, pending.has(clause.id) ? "pending" : String(count)));
    }
    lines.push("");
  }
  return lines.join("\n");
}

function clauseRow(clause: Clause, tests: string): string {
  const cells = [`\`${clause.id}\``, clause.level, clause.text, clause.rationale, tests];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
