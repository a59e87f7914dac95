/** Reading and writing results of the kernel benchmark. */

import { kernelResultSchema } from "./result_schema.ts";
import { KERNEL_RESULT_VERSION, type KernelResult } from "./result_schema.ts";
import { parseDocument, serializeResult, writeTextAtomically } from "../result/mod.ts";

/**
 * Parses a stored kernel result.
 *
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
 * @returns JSON that ends with a newline; samples of a case stand on one line.
 */
export function serializeKernelResult(result: KernelResult): string {
  return serializeResult(result);
}

/**
 * Writes a kernel result so that a reader sees the old file or the whole new one.
 *
 * @param path Path of the file; its folder must exist.
 * @throws {ResultError} When the file cannot be written; nothing is left behind.
 */
export async function writeKernelResult(path: string, result: KernelResult): Promise<void> {
  await writeTextAtomically(path, serializeKernelResult(result));
}
