/** Live results as files. */

import { parseDocument, serializeResult } from "../result/mod.ts";
import { LIVE_SCHEMA_VERSION, type LiveResult, liveResultSchema } from "./live_schema.ts";

/**
 * Parses a stored live result.
 *
 * @throws {ResultError} When the text is no live result of this version.
 */
export function parseLiveResult(text: string, o: { readonly file: string }): LiveResult {
  return parseDocument(text, { ...o, schema: liveResultSchema, versions: [LIVE_SCHEMA_VERSION] });
}

/**
 * Text of a live result's file: indented, but raw samples on one line each.
 *
 * @returns JSON that ends with a newline.
 */
export function serializeLiveResult(result: LiveResult): string {
  return serializeResult(result);
}
