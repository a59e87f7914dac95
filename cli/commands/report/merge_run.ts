import { claimOf, prepareOutput, writeTextAtomically } from "../../../bench/mod.ts";
import {
  mergeReports,
  parseReport,
  renderJsonLines,
  type ReportFile,
  reportOfRows,
} from "../../../conformance/mod.ts";
import type { LoadedSettings } from "../../settings/mod.ts";
import type { CliContext } from "../../terminal/mod.ts";
import { exitCodeOfReports } from "../../tables/mod.ts";

/** Runs `headwise report merge`. */
export default async function merge(
  this: CliContext,
  { values }: LoadedSettings<"report merge">,
  ...files: string[]
): Promise<void> {
  if (values.out !== null) await prepareOutput(values.out, claimOf("conformance", values));
  const reports: ReportFile[] = [];
  for (const file of files) reports.push(parseReport(await this.readTextFile(file), file));
  const rows = mergeReports(reports);
  const text = renderJsonLines(rows);
  if (values.out === null) this.process.stdout.write(text);
  else await writeTextAtomically(values.out, text);
  if (values.enforce) this.process.exitCode = exitCodeOfReports([reportOfRows(rows, "merged")]);
}
