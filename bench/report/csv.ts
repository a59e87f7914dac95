/** Raw values as CSV (RFC 4180): a row per request, a sample of a kernel case, or a point's side. */

import { type BenchResult, ResultError } from "../result/mod.ts";
import type { LiveResult } from "../live/mod.ts";
import type { KernelResult } from "../kernel/mod.ts";
import type { Sweep } from "../sweep/mod.ts";
import type { ReportInput } from "./report_input.ts";

type Cell = string | number | null;

interface CsvTable {
  /** Heading of each column; all files of one text have the same. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

const REQUEST_COLUMNS = [
  "side",
  "pair",
  "request",
  "arrival_ms",
  "input_tokens",
  "output_tokens",
  "ttft_ms",
  "queue_ms",
  "tpot_ms",
  "end_to_end_ms",
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
        return sweepSides(input.sweep);
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
          (tokenGaps?.gapMs ?? []).map((gapMs, group) => [
            name,
            pair,
            gapMs,
            tokenGaps!.tokens[group],
          ])
        )
      );
    if (rows.length === 0) {
      const reason =
        "it holds no gaps between tokens; run 'headwise bench' again with this build " +
        "and without '--timeline 0'";
      throw notRenderable(input.file, "csv-gaps", reason);
    }
    return { columns: ["side", "pair", "gap_ms", "tokens"], rows };
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
    if (columns === null) lines.push(csvLine(["file", ...table.columns]));
    columns = table.columns;
    for (const row of table.rows) lines.push(csvLine([input.file, ...row]));
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
      return Array.from({ length: requests.count }, (_, index): Cell[] => {
        const id = requestList?.ids[index] ?? index;
        return [
          name,
          pair,
          id,
          samples?.arrivalMs?.[index] ?? requestList?.arrivalMs[index] ?? null,
          requestList?.inputTokens[index] ?? null,
          requestList?.outputTokens[index] ?? null,
          samples?.ttftMs[index] ?? null,
          samples?.queueMs[index] ?? null,
          samples?.tpotMs[index] ?? null,
          samples?.endToEndMs[index] ?? null,
          samples?.preemptions[index] ?? null,
          failures.get(id) ?? null,
        ];
      });
    })
  );
  return { columns: REQUEST_COLUMNS, rows };
}

function liveRequests({ sides, requests }: LiveResult): CsvTable {
  const rows = sides.flatMap(({ role, runs }) =>
    runs.flatMap(({ pair, samples, errors }) => {
      const failures = new Map(errors.map((error) => [
        error.request,
        `${error.kind}: ${error.message}`,
      ]));
      return Array.from({ length: requests.count }, (_, index): Cell[] => [
        role,
        pair,
        index,
        null,
        null,
        null,
        samples.ttftMs[index] ?? null,
        samples.clientQueueMs[index] ?? null,
        samples.tpotMs[index] ?? null,
        samples.endToEndMs[index] ?? null,
        null,
        failures.get(index) ?? null,
      ]);
    })
  );
  return { columns: REQUEST_COLUMNS, rows };
}

function kernelSamples({ cases }: KernelResult): CsvTable {
  const rows = cases.flatMap(({ case: { name }, outcome }): Cell[][] =>
    outcome.kind === "timed"
      ? outcome.samplesMs.map((sampleMs, run) => [name, run, sampleMs, null])
      : [[name, null, null, `${outcome.kind}: ${outcome.reason}`]]
  );
  return { columns: ["case", "run", "sample_ms", "failure"], rows };
}

function sweepSides({ rows }: Sweep): CsvTable {
  const cells = rows.flatMap(({ index, point, sides, error }): Cell[][] => {
    const place = [
      index,
      point.windowTokens,
      point.ratio,
      point.contextTokens,
      point.batch,
      point.pageSizeTokens,
    ];
    if (error !== null) return [[...place, null, null, null, null, null, null, error]];
    return sides.map((side) => [
      ...place,
      side.name,
      side.meanTtftMs,
      side.meanTbtMs,
      side.outputTokensPerSecond,
      side.meanConcurrency,
      side.preemptions,
      null,
    ]);
  });
  return {
    columns: [
      "point",
      "window_tokens",
      "ratio",
      "context_tokens",
      "batch",
      "page_size_tokens",
      "side",
      "mean_ttft_ms",
      "mean_tbt_ms",
      "output_tokens_per_second",
      "mean_concurrency",
      "preemptions",
      "failure",
    ],
    rows: cells,
  };
}

function notRenderable(file: string, format: string, reason: string): ResultError {
  const message = `Cannot write '${file}' as ${format}: ${reason}`;
  return new ResultError("result/not-renderable", file, message);
}
