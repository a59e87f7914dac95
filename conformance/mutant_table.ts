/** How many mutants stand behind each clause, as a page of the documentation. */
import { type Clause, listClauses, listPendingClauses } from "./clause.ts";
import { listMutants } from "./kill_matrix.ts";
import type { Mutant } from "./mutants/mutant.ts";

/**
 * Renders the mutants by clause. That all of them die is what the tests of the suite require; the
 * page says how many there are.
 */
export function mutantsMarkdown(
  mutants: readonly Mutant[] = listMutants(),
  clauses: readonly Clause[] = listClauses(),
): string {
  const pending = new Set(listPendingClauses().map(({ id }) => id));
  const judged = clauses.filter(({ id, kind }) => kind !== "tool" && !pending.has(id));
  const rows = judged.map(({ id, kind }) => {
    const violating = mutants.filter(({ violates }) => violates.includes(id));
    const field = violating.filter(({ origin }) => origin === "field").length;
    const first = violating[0]?.fault ?? "";
    return `| \`${id}\` | ${kind} | ${violating.length} | ${field} | ${first} |`;
  });
  return [
    "# Mutants by clause",
    "",
    `The suite is judged by ${mutants.length} implementations with one fault each, made over`,
    "layouts, sizes and entry points. Each has to be rejected by a case of every clause that it",
    "violates, and a good implementation by none: `headwise conformance --self-test` shows it, and the tests",
    "require all of them to die. A mutant counts for each clause that it violates. Written by",
    "`deno run --allow-read=. --allow-write=docs --ignore-env conformance/generate_mutants.ts`; do not edit.",
    "",
    "| clause | kind | mutants | seen in engines | the first of them |",
    "| --- | --- | ---: | ---: | --- |",
    ...rows,
    "",
  ].join("\n");
}
