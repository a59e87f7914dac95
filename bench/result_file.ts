/** Reading and writing result files. */

import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { resultSchema } from "./result_schema.ts";
import { type BenchResult, RESULT_SCHEMA_VERSION } from "./result_types.ts";

/** What can be wrong with a result file. */
export type ResultErrorCode =
  | "result/unreadable"
  | "result/not-json"
  | "result/version"
  | "result/shape"
  | "result/unwritable";

/**
 * A result file that cannot be read or written.
 *
 * @example A file that is no result
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseResult, ResultError } from "@headwise/headwise/bench";
 *
 * assert.throws(
 *   () => parseResult("{", { file: "a.json" }),
 *   (error) => error instanceof ResultError && error.code === "result/not-json",
 * );
 * ```
 */
export class ResultError extends Error {
  /** What is wrong. */
  readonly code: ResultErrorCode;
  /** The file. */
  readonly file: string;

  /** Builds the error from its code, the file and a full message. */
  constructor(code: ResultErrorCode, file: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ResultError";
    this.code = code;
    this.file = file;
  }
}

/**
 * Parses a stored result.
 *
 * @example The place of the fault is named
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseResult } from "@headwise/headwise/bench";
 *
 * const text = JSON.stringify({ kind: "headwise/bench-result", schemaVersion: 1 });
 * assert.throws(() => parseResult(text, { file: "a.json" }), /'a.json': createdAt: Invalid/);
 * ```
 *
 * @param text Text of the file.
 * @param o Name of the file, for messages.
 * @returns The result.
 * @throws {ResultError} When the text is no result of this version.
 */
export function parseResult(text: string, o: { readonly file: string }): BenchResult {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    const message = `Cannot read the result '${o.file}': it is not JSON (${messageOf(cause)})`;
    throw new ResultError("result/not-json", o.file, message, { cause });
  }
  const head = z.object({ kind: z.string(), schemaVersion: z.number() }).safeParse(data);
  if (head.success && head.data.schemaVersion !== RESULT_SCHEMA_VERSION) {
    throw new ResultError(
      "result/version",
      o.file,
      `Cannot read the result '${o.file}': its schema version is ${head.data.schemaVersion} and ` +
        `this build reads ${RESULT_SCHEMA_VERSION}; run the benchmark again`,
    );
  }
  const parsed = resultSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.slice(0, 5)
    .map((issue) => `${pathText(issue.path)}: ${issue.message}`);
  throw new ResultError(
    "result/shape",
    o.file,
    `Cannot read the result '${o.file}': ${faults.join("; ")}`,
  );
}

/**
 * Reads a stored result.
 *
 * @example A missing file
 * ```ts
 * import assert from "node:assert/strict";
 * import { readResult, ResultError } from "@headwise/headwise/bench";
 *
 * await assert.rejects(readResult("bench/no-such-result.json"), ResultError);
 * ```
 *
 * @param path Path of the file.
 * @returns The result.
 * @throws {ResultError} When the file cannot be read or is no result of this version.
 */
export async function readResult(path: string): Promise<BenchResult> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    const message = `Cannot read the result '${path}': ${messageOf(cause)}`;
    throw new ResultError("result/unreadable", path, message, { cause });
  }
  return parseResult(text, { file: path });
}

/**
 * Writes a result so that a reader sees the old file or the whole new one: into a new file in the
 * same folder, flushed to the disk, then renamed over the target.
 *
 * @example Saving what was measured
 * ```ts
 * import { type BenchResult, writeResultAtomically } from "@headwise/headwise/bench";
 *
 * async function save(result: BenchResult): Promise<void> {
 *   await writeResultAtomically("result.json", result);
 * }
 * void save;
 * ```
 *
 * @param path Path of the file; its folder must exist.
 * @param result Result to write.
 * @throws {ResultError} When the file cannot be written; nothing is left behind.
 */
export async function writeResultAtomically(path: string, result: BenchResult): Promise<void> {
  await writeTextAtomically(path, serializeResult(result));
}

/**
 * Writes a text as {@linkcode writeResultAtomically} does.
 *
 * @example Saving a picture
 * ```ts
 * import { writeTextAtomically } from "@headwise/headwise/bench";
 *
 * async function save(svg: string): Promise<void> {
 *   await writeTextAtomically("roofline.svg", svg);
 * }
 * void save;
 * ```
 *
 * @param path Path of the file; its folder must exist.
 * @param text Its whole text.
 * @throws {ResultError} When the file cannot be written; nothing is left behind.
 */
export async function writeTextAtomically(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}.tmp`);
  const bytes = new TextEncoder().encode(text);
  try {
    using file = await Deno.open(temporary, { write: true, createNew: true });
    for (let written = 0; written < bytes.length;) {
      written += await file.write(bytes.subarray(written));
    }
    await file.sync();
  } catch (cause) {
    await removeQuietly(temporary);
    throw unwritable(path, cause);
  }
  try {
    await Deno.rename(temporary, path);
  } catch (cause) {
    await removeQuietly(temporary);
    throw unwritable(path, cause);
  }
}

/**
 * Text of a result file: indented, but raw samples on one line each.
 *
 * @example Equal results have equal texts
 * ```ts
 * import { type BenchResult, serializeResult } from "@headwise/headwise/bench";
 *
 * function sameBytes(a: BenchResult, b: BenchResult): boolean {
 *   return serializeResult(a) === serializeResult(b);
 * }
 * void sameBytes;
 * ```
 *
 * @param result Result to write.
 * @returns JSON that ends with a newline.
 */
export function serializeResult(result: BenchResult): string {
  return serializeSamples(result);
}

/** Text of any JSON value, as {@linkcode serializeResult} writes it. */
export function serializeSamples(result: unknown): string {
  const text = JSON.stringify(result, null, 2);
  const flat = text.replaceAll(
    /\[\n\s+((?:-?[\d.e+-]+|null)(?:,\n\s+(?:-?[\d.e+-]+|null))*)\n\s+\]/g,
    (_, items: string) => `[${items.replaceAll(/\s+/g, "")}]`,
  );
  return `${flat}\n`;
}

async function removeQuietly(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch {
    // It was never created; the error that led here is the one to tell.
  }
}

function unwritable(path: string, cause: unknown): ResultError {
  return new ResultError(
    "result/unwritable",
    path,
    `Cannot write the result '${path}': ${messageOf(cause)}`,
    { cause },
  );
}

function pathText(path: readonly PropertyKey[]): string {
  return path.length === 0 ? "the document" : path.map(String).join(".");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
