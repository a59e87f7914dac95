import type { ReportStyle } from "../../terminal/mod.ts";
import {
  renderCsv,
  renderGapsCsv,
  renderPerfetto,
  renderReportMarkdown,
  renderReportPage,
  type ReportInput,
  type ReportSection,
  reportSection,
  ResultError,
} from "../../../bench/mod.ts";
import { conformanceSection, type ReportFile } from "../../../conformance/mod.ts";
import {
  exitCodeOfReports,
  printReports,
  renderBenchResult,
  renderKernelResult,
  renderLiveResult,
  renderSweep,
  renderVerdict,
} from "../../tables/mod.ts";
import { EXIT } from "../../exit_code.ts";
import type { ResultFormat } from "../../settings/mod.ts";

/** A file that is reported on. */
export type ReportedFile =
  | { readonly kind: "result"; readonly input: ReportInput }
  | { readonly kind: "conformance"; readonly report: ReportFile };

/**
 * Lays out results of several kinds in a form.
 *
 * @param o The files, and the style of `text`.
 * @returns The document, ending in a newline.
 * @throws {ResultError} When a file has nothing to show in that form.
 */
export async function printResults(
  format: ResultFormat,
  o: { readonly files: readonly ReportedFile[]; readonly style: ReportStyle },
): Promise<string> {
  switch (format) {
    case "html":
      return await renderReportPage(o.files.map(sectionOf));
    case "markdown":
      return renderReportMarkdown(o.files.map(sectionOf));
    case "text":
      return o.files.map((file) => printAsText(file, o.style)).join("\n");
    case "csv":
      return renderCsv(benchmarksIn(o.files, format));
    case "csv-gaps":
      return renderGapsCsv(benchmarksIn(o.files, format));
    case "perfetto":
      return renderPerfetto(benchmarksIn(o.files, format));
    case "junit":
    case "tap":
    case "sarif":
    case "github":
    case "badge":
      throw refuse(o.files.find(({ kind }) => kind === "result")!, format, "conformance alone");
    default:
      return format satisfies never;
  }
}

/**
 * Chooses the exit code of verdicts: 1 where one is bad, 3 where one is open, else 0; a conformance
 * run counts as it ended itself.
 */
export function exitCodeOfFiles(files: readonly ReportedFile[]): number {
  const codes = files.map((file): number => {
    if (file.kind === "conformance") return exitCodeOfReports([file.report]);
    const { tone } = reportSection(file.input).verdict;
    return tone === "bad" ? EXIT.fail : tone === "open" ? EXIT.inconclusive : EXIT.ok;
  });
  return Math.max(...codes);
}

function sectionOf(file: ReportedFile): ReportSection {
  return file.kind === "result" ? reportSection(file.input) : conformanceSection(file.report);
}

function benchmarksIn(files: readonly ReportedFile[], format: ResultFormat): ReportInput[] {
  return files.map((file) => {
    if (file.kind === "result") return file.input;
    throw refuse(file, format, "benchmarks alone");
  });
}

function refuse(file: ReportedFile, format: ResultFormat, whose: string): ResultError {
  const name = file.kind === "result" ? file.input.file : file.report.file;
  const message = `Cannot write '${name}' as ${format}: that form is of ${whose}; use html, ` +
    `markdown or text`;
  return new ResultError("result/not-renderable", name, message);
}

function printAsText(file: ReportedFile, style: ReportStyle): string {
  if (file.kind === "conformance") return printReports("text", { reports: [file.report], style });
  const { input } = file;
  const lines = linesOf(input, style);
  return `${[`${style.paint.bold(input.file)}`, ...lines].join("\n")}\n`;
}

function linesOf(input: ReportInput, style: ReportStyle): string[] {
  switch (input.kind) {
    case "bench":
      return renderBenchResult(input.result, style);
    case "live":
      return renderLiveResult(input.result, style);
    case "kernel":
      return renderKernelResult(input.result, style);
    case "sweep":
      return renderSweep(input.result, style);
    case "comparison":
      return renderVerdict(input.result, style);
    default:
      return input satisfies never;
  }
}
