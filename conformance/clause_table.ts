/** Markdown rendering of the clause registry. */
import { type Clause, listClauses, listPendingClauses } from "./clause.ts";
import { type CoverageInput, testsByClause } from "./clause_coverage.ts";

/** Renders the clauses as Markdown, one table a section, with the number of tests of each. */
export function clausesMarkdown(input: CoverageInput = {}): string {
  const clauses = input.clauses ?? listClauses();
  const pending = new Map(
    (input.pending ?? listPendingClauses()).map((entry) => [entry.id, entry.reason]),
  );
  const tests = testsByClause(input);
  const sections = Map.groupBy(clauses, (clause) => clause.section);
  const lines = [
    "# Clauses",
    "",
    "Every normative sentence of the block-table ABI, and how many tests of the conformance suite",
    "name it. Written by `deno task headwise clauses --markdown > docs/clauses.md`; do not edit.",
    "",
    "Breaking a clause of kind `safety` reads, writes, frees or keeps the wrong data; `answer` is about",
    "outputs, `shape` about what is refused. A clause of kind `policy` is judged against what a subject",
    "declares, and a policy that differs from the default is reported and never failed. Clauses of kind",
    "`tool` are about headwise itself and judged by its own tests.",
    "",
  ];
  for (const [section, members] of [...sections].sort(([a], [b]) => a - b)) {
    lines.push(`## ${section} ${members[0]?.sectionTitle ?? ""}`, "");
    lines.push(
      "| id | level | kind | clause | why | tests |",
      "| --- | --- | --- | --- | --- | --- |",
    );
    for (const clause of members) {
      const reason = pending.get(clause.id);
      const count = tests.get(clause.id)?.length ?? 0;
      const judged = clause.kind === "tool" ? "own tests" : String(count);
      lines.push(clauseRow(clause, reason === undefined ? judged : `pending: ${reason}`));
    }
    lines.push("");
  }
  return lines.join("\n");
}

function clauseRow(clause: Clause, tests: string): string {
  const cells = [
    `\`${clause.id}\``,
    clause.level,
    clause.kind,
    clause.text,
    clause.rationale,
    tests,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
