import { prepareOutput, writeTextAtomically } from "../../../bench/mod.ts";
import {
  mergeReports,
  parseReport,
  renderJsonLines,
  type ReportFile,
  reportOfRows,
} from "../../../conformance/mod.ts";
import type { CliContext } from "../../terminal/mod.ts";
import type { ReportMergeFlags } from "./commands.ts";
import { exitCodeOfReports } from "../../tables/mod.ts";

/** Runs `headwise report merge`. */
export default async function merge(
  this: CliContext,
  flags: ReportMergeFlags,
  ...files: string[]
): Promise<void> {
  if (flags.out !== undefined) await prepareOutput(flags.out);
  const reports: ReportFile[] = [];
  for (const file of files) reports.push(parseReport(await this.readTextFile(file), file));
  const rows = mergeReports(reports);
  const text = renderJsonLines(rows);
  if (flags.out === undefined) this.process.stdout.write(text);
  else await writeTextAtomically(flags.out, text);
  if (flags.enforce) this.process.exitCode = exitCodeOfReports([reportOfRows(rows, "merged")]);
}
