/** Reading and writing result files. */

import { writeTextAtomically } from "./output_file.ts";
import { parseDocument, readResultText } from "./document.ts";
import { resultSchema } from "./result_schema.ts";
import { type BenchResult, READABLE_RESULT_VERSIONS } from "./result_schema.ts";

export { ResultError, type ResultErrorCode } from "./document.ts";

/**
 * Parses a stored result.
 *
 * @example The place of the fault is named
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseResult } from "@headwise/headwise/bench";
 *
 * const text = JSON.stringify({ kind: "headwise/bench-result", schemaVersion: 1 });
 * assert.throws(() => parseResult(text, { file: "a.json" }), /'a.json:1:1': "createdAt" is missing/);
 * ```
 * @throws {ResultError} When the text is not a result of this version.
 */
export function parseResult(text: string, o: { readonly file: string }): BenchResult {
  return parseDocument(text, { ...o, schema: resultSchema, versions: READABLE_RESULT_VERSIONS });
}

/**
 * Reads a stored result.
 *
 * @throws {ResultError} When the file cannot be read or is not a result of this version.
 */
export async function readResult(path: string): Promise<BenchResult> {
  return parseResult(await readResultText(path), { file: path });
}

/**
 * Writes a result of any kind so that a reader sees the old file or the whole new one: into a new file in the
 * same folder, flushed to the disk, then renamed over the target.
 *
 * @param path Path of the file; its folder must exist.
 * @throws {ResultError} When the file cannot be written; nothing is left behind.
 */
export async function writeResultAtomically(path: string, result: object): Promise<void> {
  await writeTextAtomically(path, serializeResult(result));
}

/**
 * Text of a result file: indented, but raw samples on one line each.
 *
 * @param result A result of any kind.
 * @returns JSON that ends with a newline.
 */
export function serializeResult(result: unknown): string {
  const text = JSON.stringify(result, null, 2);
  const flat = text.replaceAll(
    /\[\n\s+((?:-?[\d.e+-]+|null)(?:,\n\s+(?:-?[\d.e+-]+|null))*)\n\s+\]/g,
    (_, items: string) => `[${items.replaceAll(/\s+/g, "")}]`,
  );
  return `${flat}\n`;
}
