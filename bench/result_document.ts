/** What all kinds of result files share: errors, reading, and the check against a schema. */

import { z } from "zod";

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
 * Parses the text of a result file and checks its version before anything else of it.
 *
 * @param text Text of the file.
 * @param o Name of the file, schema of its kind, and the versions that this build reads.
 * @returns The document.
 * @throws {ResultError} When the text is no document of this kind and these versions.
 */
export function parseDocument<T>(
  text: string,
  o: { readonly file: string; readonly schema: z.ZodType<T>; readonly versions: readonly number[] },
): T {
  const refuse = (code: ResultErrorCode, reason: string, cause?: unknown): ResultError =>
    new ResultError(code, o.file, `Cannot read the result '${o.file}': ${reason}`, { cause });
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    throw refuse("result/not-json", `it is not JSON (${messageOf(cause)})`, cause);
  }
  const head = z.object({ schemaVersion: z.number() }).safeParse(data);
  if (head.success && !o.versions.includes(head.data.schemaVersion)) {
    throw refuse(
      "result/version",
      `its schema version is ${head.data.schemaVersion} and this build reads ${
        o.versions.join(" and ")
      }; ` +
        "run the benchmark again",
    );
  }
  const parsed = o.schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.slice(0, 5)
    .map(({ path, message }) => `${path.map(String).join(".") || "the document"}: ${message}`);
  throw refuse("result/shape", faults.join("; "));
}

/** Reads a result file's text; a fault is a `result/unreadable`. */
export async function readResultText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    const message = `Cannot read the result '${path}': ${messageOf(cause)}`;
    throw new ResultError("result/unreadable", path, message, { cause });
  }
}

/** The error of a file that cannot be written. */
export function unwritable(path: string, cause: unknown): ResultError {
  const message = `Cannot write the result '${path}': ${messageOf(cause)}${fixOf(cause)}`;
  return new ResultError("result/unwritable", path, message, { cause });
}

/** What mends a write, by what the system says: its errors have no class of their own in Deno. */
function fixOf(cause: unknown): string {
  const text = messageOf(cause);
  if (/No space left|quota/i.test(text)) return "; free some space, or name another place";
  if (/Read-only|Permission denied/i.test(text)) return "; name a place that can be written";
  if (/Not a directory|File exists/i.test(text)) return "; a folder of the path is a file";
  return "";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
