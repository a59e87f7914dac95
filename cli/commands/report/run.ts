import {
  claimOf,
  kindOfReport,
  parseReportInput,
  prepareOutput,
  writeTextAtomically,
} from "../../../bench/mod.ts";
import { parseReport } from "../../../conformance/mod.ts";
import { cleanText } from "../../../fixtures/mod.ts";
import { type CliContext, createPaint, paintOf, writeLines } from "../../terminal/mod.ts";
import { EXIT } from "../../exit_code.ts";
import { printReports } from "../../tables/mod.ts";
import { exitCodeOfFiles, printResults, type ReportedFile } from "./results.ts";
import {
  formatFor,
  type LoadedSettings,
  REPORT_FORMATS,
  type ReportFormat,
} from "../../settings/mod.ts";

/** Runs `headwise report`. */
export default async function report(
  this: CliContext,
  { values }: LoadedSettings<"report show">,
  ...paths: string[]
): Promise<void> {
  // Before anything is read, so that a place that cannot be written is known at once.
  const format = values.format ?? formatFor(values.out);
  if (values.out !== null) await prepareOutput(values.out, claimOf(format, values));
  const { stdout, stderr } = this.process;
  const files: ReportedFile[] = [];
  for (const path of paths) files.push(readReported(await this.readTextFile(path), path));
  const runs = files.flatMap((file) => file.kind === "conformance" ? [file.report] : []);
  // A file gets no colours, whatever the terminal can show.
  const style = { paint: values.out === null ? paintOf(stdout) : createPaint(false), columns: 100 };
  const text = runs.length === files.length && isOfConformance(format)
    ? printReports(format, { reports: runs, style })
    : await printResults(format, { files, style });
  if (values.out === null) stdout.write(text);
  else {
    // The guard of the streams is not in front of files, and a text is shown as it is.
    await writeTextAtomically(values.out, format === "text" ? cleanText(text) : text);
    writeLines(stderr, [`Report written to '${values.out}'`]);
  }
  this.process.exitCode = values.enforce ? exitCodeOfFiles(files) : EXIT.ok;
}

function isOfConformance(format: string): format is ReportFormat {
  return REPORT_FORMATS.some((known) => known === format);
}

function readReported(text: string, file: string): ReportedFile {
  const kind = kindOfReport(text, { file });
  if (kind !== "conformance") {
    return { kind: "result", input: parseReportInput(text, { file, kind }) };
  }
  return { kind, report: parseReport(text, file) };
}
