/** Reading result files of whatever benchmark. */

import { isRecord, parseJson } from "../../fixtures/mod.ts";
import { toForeignRun } from "./run.ts";
import { type ForeignGateReport, foreignGateSchema, type ForeignRun } from "./types.ts";
import {
  type BenchResult,
  parseResult,
  parseUnversioned,
  placeOfFault,
  readResultText,
  ResultError,
} from "../result/mod.ts";

/** A result file: our own, or runs of another benchmark. */
export type GateInput =
  | { readonly kind: "own"; readonly result: BenchResult }
  | { readonly kind: "foreign"; readonly runs: readonly ForeignRun[] };

/**
 * Parses a result file of this tool, or of the serving benchmarks of vLLM, SGLang or FastDeploy: one
 * JSON object, or a run per line where results were appended.
 *
 * @returns Our result, or the foreign runs in the order of the file.
 * @throws {ResultError} When the text is neither, with the line in files of a run per line.
 */
export function parseGateInput(text: string, o: { readonly file: string }): GateInput {
  const whole = parseJson(quoteBareNumbers(text));
  if (isRecord(whole)) {
    const kind = String(whole.kind);
    if (kind.startsWith("headwise/") && kind !== "headwise/bench-result") {
      const message = `Cannot judge '${o.file}': it is a ${kind.slice(9)}, not a result of a ` +
        "replay; live servers are judged as they are measured, by 'headwise bench --endpoint " +
        "--against', and other results by 'headwise report show --enforce'";
      throw new ResultError("result/shape", o.file, message);
    }
    if (kind.startsWith("headwise/")) {
      return { kind: "own", result: parseResult(text, o) };
    }
    return { kind: "foreign", runs: [readRun(whole, { file: o.file, origin: o.file })] };
  }
  const runs: ForeignRun[] = [];
  text.split("\n").forEach((line, index) => {
    if (line.trim() === "") return;
    const origin = `${o.file}:${index + 1}`;
    const record = parseJson(quoteBareNumbers(line));
    if (record === undefined) throw notJson(o.file, runs.length === 0 ? text : line, index);
    if (!isRecord(record)) {
      const message =
        `Cannot read the result '${origin}': expected one JSON object, or one per line`;
      throw new ResultError("result/shape", o.file, message);
    }
    runs.push(readRun(record, { file: o.file, origin }));
  });
  if (runs.length > 0) return { kind: "foreign", runs };
  const message = `Cannot read the result '${o.file}': it is empty; name a result of ` +
    "'headwise bench', or of the serving benchmark of vLLM, SGLang or FastDeploy";
  throw new ResultError("result/not-json", o.file, message);
}

/**
 * Parses a stored verdict over files of another benchmark.
 *
 * @throws {ResultError} When the text is none, with line and column.
 */
export function parseForeignGate(text: string, o: { readonly file: string }): ForeignGateReport {
  return parseUnversioned(text, { ...o, schema: foreignGateSchema });
}

/** Where a whole file, or one of its lines, stops being JSON. */
function notJson(file: string, text: string, index: number): ResultError {
  const place = placeOfFault(quoteBareNumbers(text));
  const line = text.includes("\n") ? place.line : index + 1;
  return new ResultError(
    "result/not-json",
    file,
    `Cannot read the result '${file}:${line}:${place.column}': it is not JSON from here on; give ` +
      "one JSON object, or one per line",
  );
}

/**
 * Reads a result file of this tool or of another benchmark.
 *
 * @returns Our result, or the foreign runs.
 * @throws {ResultError} When the file cannot be read or is not a result.
 */
export async function readGateInput(path: string): Promise<GateInput> {
  return parseGateInput(await readResultText(path), { file: path });
}

function readRun(
  record: Record<string, unknown>,
  o: { readonly file: string; readonly origin: string },
): ForeignRun {
  try {
    return toForeignRun(record, o.origin);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    const message = `Cannot read the result '${o.origin}': ${cause.message}; give a result of ` +
      `'headwise bench', or of the serving benchmark of vLLM, SGLang or FastDeploy`;
    throw new ResultError("result/shape", o.file, message, { cause });
  }
}

/**
 * Python writes numbers that JSON does not have; SGLang's default file has an `Infinity`. Strings
 * are kept as they are, one without its end to the end of the text: a search for the end from each
 * of its quotes would take quadratic time.
 */
function quoteBareNumbers(text: string): string {
  return text.replace(
    /"(?:[^"\\]|\\[^])*"?|-?\bInfinity\b|\bNaN\b/g,
    (found) => found.startsWith('"') ? found : found === "NaN" ? "null" : `"${found}"`,
  );
}
