/** Reading and writing results of the kernel benchmark. */

import { kernelResultSchema } from "./result_schema.ts";
import { KERNEL_RESULT_VERSION, type KernelResult } from "./result_types.ts";
import { parseDocument, serializeSamples, writeTextAtomically } from "../result/mod.ts";

/**
 * Parses a stored kernel result.
 *
 * @example A result of another kind
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseKernelResult } from "@headwise/headwise/bench";
 *
 * const text = JSON.stringify({ kind: "headwise/bench-result", schemaVersion: 1 });
 * assert.throws(() => parseKernelResult(text, { file: "a.json" }), /'a.json:1:9': kind: Invalid/);
 * ```
 *
 * @param text Text of the file.
 * @param o Name of the file, for messages.
 * @returns The result.
 * @throws {ResultError} When the text is no kernel result of this version.
 */
export function parseKernelResult(text: string, o: { readonly file: string }): KernelResult {
  return parseDocument(text, {
    ...o,
    schema: kernelResultSchema,
    versions: [KERNEL_RESULT_VERSION],
  });
}

/**
 * Writes a kernel result as text.
 *
 * @example What is written is read back
 * ```ts
 * import assert from "node:assert/strict";
 * import { type KernelResult, parseKernelResult, serializeKernelResult } from "@headwise/headwise/bench";
 *
 * function copy(result: KernelResult): KernelResult {
 *   return parseKernelResult(serializeKernelResult(result), { file: "a.json" });
 * }
 * assert.equal(typeof copy, "function");
 * ```
 *
 * @param result The result.
 * @returns JSON that ends with a newline; samples of a case stand on one line.
 */
export function serializeKernelResult(result: KernelResult): string {
  return serializeSamples(result);
}

/**
 * Writes a kernel result so that a reader sees the old file or the whole new one.
 *
 * @example Saving what was measured
 * ```ts
 * import { type KernelResult, writeKernelResult } from "@headwise/headwise/bench";
 *
 * async function save(result: KernelResult): Promise<void> {
 *   await writeKernelResult("kernel.json", result);
 * }
 * void save;
 * ```
 *
 * @param path Path of the file; its folder must exist.
 * @param result Result to write.
 * @throws {ResultError} When the file cannot be written; nothing is left behind.
 */
export async function writeKernelResult(path: string, result: KernelResult): Promise<void> {
  await writeTextAtomically(path, serializeKernelResult(result));
}
