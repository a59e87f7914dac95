import { dirname } from "node:path";
import { parseRegressions, printRegressions, type Regression } from "../conformance/mod.ts";
import type { CliContext } from "./context.ts";

/**
 * Reads the sequences that failed before.
 *
 * @param context Files.
 * @param file Name of the file.
 * @returns The sequences; none where there is no file yet.
 */
export async function readRegressions(
  context: Pick<CliContext, "readTextFile">,
  file: string,
): Promise<readonly Regression[]> {
  try {
    return parseRegressions(await context.readTextFile(file), file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Writes the sequences that failed, with those that did before. */
export async function writeRegressions(
  file: string,
  regressions: readonly Regression[],
): Promise<void> {
  await Deno.mkdir(dirname(file), { recursive: true });
  await Deno.writeTextFile(file, printRegressions(regressions));
}
