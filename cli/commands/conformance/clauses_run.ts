import {
  clausesMarkdown,
  listClauses,
  listPendingClauses,
  testsByClause,
} from "../../../conformance/mod.ts";
import { nearestName } from "../../../fixtures/mod.ts";
import { type CliContext, jsonText, paintOf, wrapText, writeLines } from "../../terminal/mod.ts";
import { type LoadedSettings, SettingError } from "../../settings/mod.ts";

/** Runs `headwise clauses`. */
export default function clauses(
  this: CliContext,
  { values: flags }: LoadedSettings<"clauses">,
  ...ids: readonly string[]
): void {
  const { stdout } = this.process;
  if (flags.markdown) return stdout.write(clausesMarkdown());
  const tests = testsByClause();
  const reasons = new Map(listPendingClauses().map(({ id, reason }) => [id, reason]));
  requireKnown(ids);
  const shown = listClauses().filter(({ id }) =>
    (ids.length === 0 || ids.includes(id)) && (!flags.uncovered || tests.get(id)?.length === 0)
  );
  if (flags.json) {
    const rows = shown.map((clause) => ({
      ...clause,
      tests: tests.get(clause.id) ?? [],
      pending: reasons.get(clause.id) ?? null,
    }));
    return writeLines(stdout, [jsonText(rows)]);
  }
  const paint = paintOf(stdout);
  let section = -1;
  for (const clause of shown) {
    if (clause.section !== section) {
      section = clause.section;
      writeLines(stdout, [paint.bold(`${section} ${clause.sectionTitle}`)]);
    }
    const count = tests.get(clause.id)?.length ?? 0;
    const covered = count > 0
      ? paint.green(count === 1 ? "1 test" : `${count} tests`)
      : paint.yellow(`no test: ${reasons.get(clause.id) ?? "not in the pending list either"}`);
    writeLines(stdout, [
      `  ${paint.cyan(clause.id)}  ${clause.level}  ${covered}`,
      ...wrapText(clause.text, { width: stdout.columns, indent: "    " }),
    ]);
  }
}

function requireKnown(ids: readonly string[]): void {
  const known = listClauses().map(({ id }) => id);
  const unknown = ids.find((id) => !known.includes(id));
  if (unknown === undefined) return;
  const nearest = nearestName(unknown, known);
  const fix = nearest === undefined
    ? "'headwise clauses' lists them"
    : `did you mean '${nearest}'?`;
  const message = `No clause has the id '${unknown}'; ${fix}`;
  throw new SettingError(message, { kind: "flag", text: "CLAUSE" });
}
