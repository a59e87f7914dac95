/** Sequences that once failed, kept as data and replayed as ordinary cases. */
import { z } from "zod";
import kept from "../regressions/allocator.json" with { type: "json" };
import { FileError } from "../file_error.ts";
import { fuzzProgramSchema } from "./fuzz_program.ts";
import { describeIssues, type Stored } from "../../fixtures/mod.ts";

const regressionsSchema = z.strictObject({
  version: z.literal(1),
  regressions: z.array(z.strictObject({
    /** Name of its case: lower-case letters, digits and `_`. */
    name: z.string().regex(/^[a-z][a-z0-9_]*$/),
    /** What it showed, in one line. */
    showed: z.string().min(1),
    program: fuzzProgramSchema,
  })),
});

/** A sequence that once failed. */
export type Regression = Stored<typeof regressionsSchema>["regressions"][number];

/** A file of regressions that cannot be read. */
export class RegressionError extends FileError {
  /** Always `regression`. */
  readonly code = "regression";
  /** Always `RegressionError`. */
  override readonly name = "RegressionError";
}

/** Lists the sequences that come with the suite. */
export function listRegressions(): readonly Regression[] {
  return readRegressions(kept, "conformance/regressions/allocator.json");
}

/**
 * Reads a file of regressions.
 *
 * @param file Name that errors carry.
 * @throws {RegressionError} If the text is not JSON, does not follow the schema or has a name twice.
 */
export function parseRegressions(text: string, file: string): readonly Regression[] {
  try {
    return readRegressions(JSON.parse(text), file);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new RegressionError(`Cannot read "${file}": ${error.message}`, file);
  }
}

/**
 * Writes a file of regressions.
 *
 * @returns JSON that {@linkcode parseRegressions} reads, ending in a newline.
 */
export function printRegressions(regressions: readonly Regression[]): string {
  const lines = regressions.map((each) => `    ${JSON.stringify(each)}`);
  return `{\n  "version": 1,\n  "regressions": [\n${lines.join(",\n")}\n  ]\n}\n`;
}

/**
 * Adds a counterexample to regressions, unless it is kept already.
 *
 * @throws {RegressionError} If the counterexample is no sequence of commands.
 */
export function keepRegression(
  regressions: readonly Regression[],
  found: { readonly showed: string; readonly counterexample: unknown },
): readonly Regression[] {
  const result = fuzzProgramSchema.safeParse(found.counterexample);
  if (!result.success) {
    const detail = describeIssues(result.error);
    throw new RegressionError(`Cannot keep a counterexample: ${detail}`, "counterexample");
  }
  const text = JSON.stringify(result.data);
  if (regressions.some(({ program }) => JSON.stringify(program) === text)) return regressions;
  const names = new Set(regressions.map(({ name }) => name));
  let number = regressions.length + 1;
  while (names.has(`found_${number}`)) number++;
  return [...regressions, { name: `found_${number}`, showed: found.showed, program: result.data }];
}

function readRegressions(data: unknown, file: string): readonly Regression[] {
  const result = regressionsSchema.safeParse(data);
  if (!result.success) {
    throw new RegressionError(`Cannot read "${file}": ${describeIssues(result.error)}`, file);
  }
  const { regressions } = result.data;
  const names = regressions.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    const message = `Cannot read "${file}": the name "${twice}" stands twice; rename one`;
    throw new RegressionError(message, file);
  }
  return regressions;
}
