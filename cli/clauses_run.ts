import {
  clausesMarkdown,
  listClauses,
  listPendingClauses,
  testsByClause,
} from "../conformance/mod.ts";
import type { ClausesFlags } from "./conformance_commands.ts";
import { type CliContext, paintOf, writeLines } from "./context.ts";
import { wrapText } from "./table.ts";

/** Runs `headwise clauses`. */
export default function clauses(this: CliContext, flags: ClausesFlags): void {
  const { stdout } = this.process;
  if (flags.markdown) return stdout.write(clausesMarkdown());
  const tests = testsByClause();
  const reasons = new Map(listPendingClauses().map(({ id, reason }) => [id, reason]));
  const shown = listClauses().filter(({ id }) => !flags.uncovered || tests.get(id)?.length === 0);
  if (flags.json) {
    const rows = shown.map((clause) => ({
      ...clause,
      tests: tests.get(clause.id) ?? [],
      pending: reasons.get(clause.id) ?? null,
    }));
    return writeLines(stdout, [JSON.stringify(rows, null, 2)]);
  }
  const paint = paintOf(stdout);
  let section = 0;
  for (const clause of shown) {
    if (clause.section !== section) {
      section = clause.section;
      writeLines(stdout, [paint.bold(`${section} ${clause.sectionTitle}`)]);
    }
    const count = tests.get(clause.id)?.length ?? 0;
    const covered = count > 0
      ? paint.green(`${count} tests`)
      : paint.yellow(`no test: ${reasons.get(clause.id) ?? "not in the pending list either"}`);
    writeLines(stdout, [
      `  ${paint.cyan(clause.id)}  ${clause.level}  ${covered}`,
      ...wrapText(clause.text, { width: stdout.columns, indent: "    " }),
    ]);
  }
}
