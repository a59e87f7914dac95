/** Reads reports back, those of a run that was killed included. */
import { FileError } from "./file_error.ts";
import { summarizeRows } from "./report.ts";
import {
  type CaseRow,
  type EndRow,
  type ReportRow,
  type ReportSummary,
  rowSchema,
  type RunRow,
} from "./report_schema.ts";
import { digestLines, rowLine } from "./run_identity.ts";
import { describeIssues } from "../fixtures/mod.ts";

/** A report as it was read. */
export interface ReportFile {
  /** Name of the file. */
  readonly file: string;
  /** First row. */
  readonly run: RunRow;
  /** Cases in the order in which they ran. */
  readonly cases: readonly CaseRow[];
  /** Line of the file that each case stands on, from 1. */
  readonly lines: readonly number[];
  /** Counts: those of the last row, or of the cases that are there. */
  readonly summary: ReportSummary;
  /** Whether the last row is there and every case ran. */
  readonly complete: boolean;
}

/** A text that is not a report. */
export class ReportError extends FileError {
  /** Always `report`. */
  readonly code = "report";
  /** Always `ReportError`. */
  override readonly name = "ReportError";
}

/**
 * Renders rows as JSON lines, the form in which they are kept.
 *
 * @returns One object per line, ending in a newline.
 */
export function renderJsonLines(rows: readonly ReportRow[]): string {
  return rows.map(rowLine).join("");
}

/**
 * Reads a report. One without its last row is that of a run that was killed; what it has is kept,
 * and a last line that was cut off is left out.
 *
 * @param file Name that errors carry.
 * @throws {ReportError} If the text is not a report, or was changed after it was written.
 */
export function parseReport(text: string, file: string): ReportFile {
  const lines = text.split("\n");
  // Whatever stands behind the last line end was being written when the run was killed.
  lines.pop();
  const rows = lines.map((line, index) => parseRow(line, { file, line: index + 1 }));
  const report = reportOfRows(rows, file);
  const end = rows.at(-1);
  if (end?.kind === "end") checkEnd(end, { lines, counted: summarizeRows(rows, 0), file });
  return report;
}

/**
 * Makes a report of rows that are in memory.
 *
 * @param file Name that renderings and errors carry.
 * @throws {ReportError} If the rows are not a run and then cases.
 */
export function reportOfRows(rows: readonly ReportRow[], file: string): ReportFile {
  const [run, ...rest] = rows;
  if (run?.kind !== "run") {
    throw new ReportError(`Cannot read "${file}": it does not begin with a "run" row`, file);
  }
  const last = rest.at(-1);
  const end = last?.kind === "end" ? last : null;
  const cases = (end === null ? rest : rest.slice(0, -1)).map((row, index) => {
    if (row.kind === "case") return row;
    const place = `${file}:${index + 2}`;
    throw new ReportError(`Cannot read "${place}": expected a case, found "${row.kind}"`, file);
  });
  const elapsedMs = cases.reduce((sum, row) => sum + row.elapsedMs, 0);
  return {
    file,
    run,
    cases,
    lines: cases.map((_, index) => index + 2),
    summary: end?.summary ?? summarizeRows(cases, elapsedMs),
    complete: end !== null && cases.length === run.cases,
  };
}

function checkEnd(
  end: EndRow,
  o: { readonly lines: readonly string[]; readonly counted: ReportSummary; readonly file: string },
): void {
  const digest = digestLines(o.lines.slice(0, -1).map((line) => `${line}\n`));
  if (digest !== end.digest) {
    throw untrusted(o.file, `its digest is ${digest}, not ${end.digest}; it was changed`);
  }
  const { elapsedMs: _, ...expected } = o.counted;
  const { elapsedMs: __, ...found } = end.summary;
  if (JSON.stringify(expected) !== JSON.stringify(found)) {
    throw untrusted(o.file, "its counts are not those of its cases");
  }
}

function untrusted(file: string, why: string): ReportError {
  return new ReportError(`Cannot trust "${file}": ${why}`, file);
}

function parseRow(line: string, o: { readonly file: string; readonly line: number }): ReportRow {
  const place = `${o.file}:${o.line}`;
  let data: unknown;
  try {
    data = JSON.parse(line);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new ReportError(`Cannot read "${place}": ${detail}`, o.file);
  }
  const result = rowSchema.safeParse(data);
  if (result.success) return result.data;
  throw new ReportError(`Cannot read "${place}": ${describeIssues(result.error)}`, o.file);
}
