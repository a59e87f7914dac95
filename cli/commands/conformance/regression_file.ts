import { prepareOutput, writeTextAtomically } from "../../../bench/mod.ts";
import {
  caseRows,
  keepRegression,
  parseRegressions,
  printRegressions,
  type Regression,
  type ReportRow,
} from "../../../conformance/mod.ts";
import { ifThere } from "../../../fixtures/mod.ts";
import { type CliContext, writeLines } from "../../terminal/mod.ts";

/**
 * Reads the sequences that failed before.
 *
 * @returns The sequences; none where there is no file yet.
 */
export async function readRegressions(
  context: Pick<CliContext, "readTextFile">,
  file: string,
): Promise<readonly Regression[]> {
  const text = await ifThere(() => context.readTextFile(file));
  return text === null ? [] : parseRegressions(text, file);
}

/** Writes the sequences that failed, with those that did before. */
export async function writeRegressions(
  file: string,
  regressions: readonly Regression[],
): Promise<void> {
  // What is kept there was read as such, and is part of what is written.
  await prepareOutput(file, null);
  await writeTextAtomically(file, printRegressions(regressions));
}

/** Keeps the counterexamples of failed cases, so that the next run begins with them. */
export async function keepFailures(
  context: Pick<CliContext, "process">,
  o: {
    readonly rows: readonly ReportRow[];
    readonly kept: readonly Regression[];
    readonly file: string;
  },
): Promise<void> {
  let kept = o.kept;
  for (const { query, outcome } of caseRows(o.rows)) {
    if (outcome.kind !== "fail" || outcome.counterexample === undefined) continue;
    kept = keepRegression(kept, { showed: query, counterexample: outcome.counterexample });
  }
  if (kept.length === o.kept.length) return;
  await writeRegressions(o.file, kept);
  const count = kept.length - o.kept.length;
  writeLines(context.process.stderr, [`Sequences kept in '${o.file}' for later runs: ${count}`]);
}
