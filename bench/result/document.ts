/** What all kinds of result files share: errors, reading, and the check against a schema. */

import { z } from "zod";
import { placeOfFault, placeOfValue, type TextPlace } from "./json_place.ts";
import { describeIssues, FileRefusal, readText } from "../../fixtures/mod.ts";

/** What can be wrong with a result file. */
export type ResultErrorCode =
  | "result/unreadable"
  | "result/not-json"
  | "result/version"
  | "result/shape"
  | "result/not-renderable"
  | "result/unwritable";

/** A result file that cannot be read or written. */
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

/** How a document is read. */
interface DocumentOptions<T> {
  /** Name of the file, for messages. */
  readonly file: string;
  /** Schema of its kind. */
  readonly schema: z.ZodType<T>;
}

/**
 * Parses the text of a result file and checks its version before anything else of it.
 *
 * @throws {ResultError} When the text is no document of this kind and these versions.
 */
export function parseDocument<T>(
  text: string,
  o: DocumentOptions<T> & { readonly versions: readonly number[] },
): T {
  const data = parseJson(text, o.file);
  const head = z.object({ schemaVersion: z.number() }).safeParse(data);
  if (head.success && !o.versions.includes(head.data.schemaVersion)) {
    throw refusal("result/version", {
      file: o.file,
      place: placeOfValue(text, ["schemaVersion"]),
      reason: `its schema version is ${head.data.schemaVersion} and this build reads ` +
        `${o.versions.join(" and ")}; run the benchmark again`,
    });
  }
  return checkShape(text, data, o);
}

/**
 * Parses the text of a file that has no version.
 *
 * @throws {ResultError} When the text is no document of this kind.
 */
export function parseUnversioned<T>(text: string, o: DocumentOptions<T>): T {
  return checkShape(text, parseJson(text, o.file), o);
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = `it is not JSON (${messageOf(cause)}); write it again`;
    throw refusal("result/not-json", { file, place: placeOfFault(text), reason, cause });
  }
}

function checkShape<T>(text: string, data: unknown, o: DocumentOptions<T>): T {
  const parsed = o.schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const keys = issues[0].path.filter((key) => typeof key !== "symbol");
  throw refusal("result/shape", {
    file: o.file,
    place: placeOfValue(text, keys),
    reason: `${describeIssues(parsed.error)}; write it again with the command that made it`,
  });
}

function refusal(
  code: ResultErrorCode,
  o: {
    readonly file: string;
    readonly place: TextPlace;
    readonly reason: string;
    readonly cause?: unknown;
  },
): ResultError {
  const { line, column } = o.place;
  const message = `Cannot read the result '${o.file}:${line}:${column}': ${o.reason}`;
  return new ResultError(code, o.file, message, { cause: o.cause });
}

/** Reads a result file's text; a fault is a `result/unreadable`. */
export async function readResultText(path: string): Promise<string> {
  try {
    return await readText(path);
  } catch (cause) {
    const reason = cause instanceof Deno.errors.NotFound
      ? "there is no such file; name one that exists"
      : messageOf(cause);
    const message = cause instanceof FileRefusal
      ? reason
      : `Cannot read the result '${path}': ${reason}`;
    throw new ResultError("result/unreadable", path, message, { cause });
  }
}

/** The error of a file that cannot be written. */
export function unwritable(path: string, cause: unknown): ResultError {
  const message = `Cannot write the result '${path}': ${messageOf(cause)}${fixOf(cause)}`;
  return new ResultError("result/unwritable", path, message, { cause });
}

/** How to fix a failed write, by what the system says: its errors have no class of their own in Deno. */
function fixOf(cause: unknown): string {
  const text = messageOf(cause);
  if (/No space left|quota/i.test(text)) return "; free some space, or name another place";
  if (/Read-only|Permission denied/i.test(text)) return "; name a place that can be written";
  if (/No such file/i.test(text)) return "; make its folder, or name another place";
  if (/Not a directory|File exists/i.test(text)) return "; a folder of the path is a file";
  return "";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
