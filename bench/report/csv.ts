/** Raw values as CSV (RFC 4180): a row per request, a sample of a kernel case, or a point's side. */

import { type BenchResult, ResultError } from "../result/mod.ts";
import type { LiveResult } from "../live/mod.ts";
import type { KernelResult } from "../kernel/mod.ts";
import type { Sweep } from "../sweep/mod.ts";
import type { ReportInput } from "./report_input.ts";

type Cell = string | number | null;

interface CsvTable {
  /** Columns, all files of one text the same; a heading is the name in small letters: `gap_ms`. */
  readonly columns: readonly string[];
  /** Fields by column; what is left out or undefined is an empty field. */
  readonly rows: readonly Readonly<Record<string, Cell | undefined>>[];
}

const REQUEST_COLUMNS = [
  "side",
  "pair",
  "request",
  "arrivalMs",
  "inputTokens",
  "outputTokens",
  "ttftMs",
  "queueMs",
  "tpotMs",
  "endToEndMs",
  "preemptions",
  "failure",
];

/**
 * Writes the raw values of results: a row for each request of a benchmark, each run of a kernel
 * case, or each side of a sweep's point. What a file does not hold is an empty field.
 *
 * @returns Text with a heading and CRLF at the end of each line.
 * @throws {ResultError} When columns differ, or a file holds no raw values.
 */
export function renderCsv(inputs: readonly ReportInput[]): string {
  return joinTables(inputs, "csv", (input) => {
    switch (input.kind) {
      case "bench":
        return benchRequests(input.result);
      case "live":
        return liveRequests(input.result);
      case "kernel":
        return kernelSamples(input.result);
      case "sweep":
        return sweepSides(input.result);
      case "comparison":
        throw notRenderable(input.file, "csv", "a verdict holds no raw values; name the results");
      default:
        return input satisfies never;
    }
  });
}

/**
 * Writes the gaps between tokens: a row for each group of gaps with the number of its tokens.
 *
 * @param inputs Results of replayed benchmarks.
 * @returns Text with a heading and CRLF at the end of each line.
 * @throws {ResultError} When a file holds no gaps between tokens.
 */
export function renderGapsCsv(inputs: readonly ReportInput[]): string {
  return joinTables(inputs, "csv-gaps", (input) => {
    const rows = input.kind !== "bench"
      ? []
      : input.result.sides.flatMap(({ name, runs }) =>
        runs.flatMap(({ pair, tokenGaps }) =>
          (tokenGaps?.gapMs ?? []).map((gapMs, group) => ({
            side: name,
            pair,
            gapMs,
            tokens: tokenGaps!.tokens[group],
          }))
        )
      );
    if (rows.length === 0) {
      const reason =
        "it holds no gaps between tokens; run 'headwise bench' again with this build " +
        "and without '--timeline 0'";
      throw notRenderable(input.file, "csv-gaps", reason);
    }
    return { columns: ["side", "pair", "gapMs", "tokens"], rows };
  });
}

function joinTables(
  inputs: readonly ReportInput[],
  format: string,
  tableOf: (input: ReportInput) => CsvTable,
): string {
  let columns: readonly string[] | null = null;
  const lines: string[] = [];
  for (const input of inputs) {
    const table = tableOf(input);
    if (columns !== null && columns.join() !== table.columns.join()) {
      const reason = `its rows have other columns than those of '${inputs[0].file}'; write them ` +
        `one by one`;
      throw notRenderable(input.file, format, reason);
    }
    if (columns === null) lines.push(csvLine(["file", ...table.columns.map(headingOf)]));
    columns = table.columns;
    for (const row of table.rows) {
      lines.push(csvLine([input.file, ...table.columns.map((column) => row[column] ?? null)]));
    }
  }
  return lines.join("");
}

/**
 * One line with its end. A field is quoted where a comma, a quote or a line end stands in it, and a
 * text that a spreadsheet would take for a formula begins with an apostrophe; numbers, those that
 * are written as text too, stay as they are.
 *
 * @param cells Values; null for none.
 * @returns The line, ending in CRLF.
 */
export function csvLine(cells: readonly Cell[]): string {
  const fields = cells.map((cell) => {
    const text = typeof cell === "string" ? withoutFormula(cell) : String(cell ?? "");
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return `${fields.join(",")}\r\n`;
}

/** What begins a formula; the wide forms count in some languages, blanks before it are skipped. */
const FORMULA = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/;
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

function withoutFormula(text: string): string {
  return FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
}

function benchRequests({ sides, requestList, requests }: BenchResult): CsvTable {
  const rows = sides.flatMap(({ name, runs }) =>
    runs.flatMap(({ pair, samples, failedRequests }) => {
      const failures = new Map(failedRequests.map(({ request, reason }) => [request, reason]));
      return Array.from({ length: requests.count }, (_, index) => {
        const id = requestList?.ids[index] ?? index;
        // Arrivals of a closed loop are those of the run.
        const values = valuesAt(index, { ...requestList, ...samples });
        return { side: name, pair, request: id, ...values, failure: failures.get(id) };
      });
    })
  );
  return { columns: REQUEST_COLUMNS, rows };
}

function liveRequests({ sides, requests }: LiveResult): CsvTable {
  const rows = sides.flatMap(({ role, runs }) =>
    runs.flatMap(({ pair, samples, errors }) => {
      const failures = new Map(
        errors.map(({ request, kind, message }) => [request, `${kind}: ${message}`]),
      );
      return Array.from({ length: requests.count }, (_, index) => ({
        side: role,
        pair,
        request: index,
        ...valuesAt(index, { ...samples, queueMs: samples.clientQueueMs }),
        failure: failures.get(index),
      }));
    })
  );
  return { columns: REQUEST_COLUMNS, rows };
}

/** One request's values of lists that hold one for each. */
function valuesAt(
  index: number,
  lists: Readonly<Record<string, readonly (number | null)[]>>,
): Record<string, number | null> {
  return Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, list[index]]));
}

function kernelSamples({ cases }: KernelResult): CsvTable {
  const rows = cases.flatMap(({ case: { name }, outcome }): CsvTable["rows"] =>
    outcome.kind === "timed"
      ? outcome.samplesMs.map((sampleMs, run) => ({ case: name, run, sampleMs }))
      : [{ case: name, failure: `${outcome.kind}: ${outcome.reason}` }]
  );
  return { columns: ["case", "run", "sampleMs", "failure"], rows };
}

const SWEEP_COLUMNS = [
  "point",
  "windowTokens",
  "ratio",
  "contextTokens",
  "batch",
  "pageSizeTokens",
  "side",
  "meanTtftMs",
  "meanTbtMs",
  "outputTokensPerSecond",
  "meanConcurrency",
  "preemptions",
  "failure",
];

function sweepSides({ rows }: Sweep): CsvTable {
  const cells = rows.flatMap(({ index, point, sides, error }): CsvTable["rows"] => {
    const place = { ...point, point: index };
    if (error !== null) return [{ ...place, failure: error }];
    return sides.map((side) => ({ ...place, ...side, side: side.name }));
  });
  return { columns: SWEEP_COLUMNS, rows: cells };
}

function headingOf(column: string): string {
  return column.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function notRenderable(file: string, format: string, reason: string): ResultError {
  const message = `Cannot write '${file}' as ${format}: ${reason}`;
  return new ResultError("result/not-renderable", file, message);
}
