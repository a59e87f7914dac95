import { prepareOutput, writeTextAtomically } from "../bench/mod.ts";
import { parseReport, type ReportFile } from "../conformance/mod.ts";
import { type CliContext, paintOf } from "./context.ts";
import type { ReportFlags } from "./report_commands.ts";
import { exitCodeOfReports, printReports } from "./report_output.ts";

/** Runs `headwise report`. */
export default async function report(
  this: CliContext,
  flags: ReportFlags,
  ...files: string[]
): Promise<void> {
  if (flags.out !== undefined) await prepareOutput(flags.out);
  const reports: ReportFile[] = [];
  for (const file of files) reports.push(parseReport(await this.readTextFile(file), file));
  const { stdout } = this.process;
  // A file gets no colours, whatever the terminal can show.
  const style = { paint: paintOf(flags.out === undefined ? stdout : PLAIN), columns: 100 };
  const text = printReports(flags.format, { reports, style });
  if (flags.out === undefined) stdout.write(text);
  else await writeTextAtomically(flags.out, text);
  if (flags.enforce) this.process.exitCode = exitCodeOfReports(reports);
}

const PLAIN = { write: (): void => {}, getColorDepth: () => 1, isTerminal: false, columns: 100 };
