/** Known failures: which cases fail, why, where that is tracked, and until when it is accepted. */
import { z } from "zod";
import { formatDiagnostic, parseCheckedYaml } from "../fixtures/mod.ts";
import { FileError } from "./file_error.ts";
import type { Outcome } from "./outcome.ts";
import { matchesQuery, parseQuery, type Query } from "./query.ts";
import type { CaseExpectation } from "./report.ts";
import { suggestQuery } from "./suggest_query.ts";
import type { TestCase } from "./test_definition.ts";

/** One known failure, or several under one query. */
export interface Expectation {
  /** Cases that fail. */
  readonly query: Query;
  /** The query as it is written. */
  readonly text: string;
  /** Why they fail. */
  readonly reason: string;
  /** Where the failure is tracked. */
  readonly issue: string;
  /** Last day on which the failure is accepted, YYYY-MM-DD. */
  readonly expires: string;
}

/** An expectations file that cannot be used. */
export class ExpectationError extends FileError {
  /** Always `expectation`. */
  readonly code = "expectation";
  /** Always `ExpectationError`. */
  override readonly name = "ExpectationError";
}

const fileSchema = z.strictObject({
  expectations: z.array(z.strictObject({
    query: z.string().min(1),
    reason: z.string().min(1),
    issue: z.url({ protocol: /^https?$/ }),
    expires: z.iso.date(),
  })),
});

/**
 * Reads an expectations file.
 *
 * @param text YAML with one key, `expectations`: entries of `query`, `reason`, `issue`, `expires`.
 * @param file Name that errors carry.
 * @throws {ExpectationError} If the text does not follow the schema, or a query the grammar.
 *
 * @example One known failure
 * ```ts
 * import { parseExpectations } from "@headwise/headwise/conformance";
 * import assert from "node:assert/strict";
 *
 * const [entry] = parseExpectations(`
 * expectations:
 *   - query: kernel:attend:geometry:size=256;*
 *     reason: Shared memory is too small
 *     issue: https://example.org/issues/7
 *     expires: 2030-01-31
 * `, "expectations.yaml");
 * assert.equal(entry?.expires, "2030-01-31");
 * ```
 */
export function parseExpectations(text: string, file: string): readonly Expectation[] {
  const loaded = parseCheckedYaml(text, { file, schema: fileSchema });
  if (loaded.kind === "rejected") {
    const found = loaded.diagnostics.map(formatDiagnostic).join("\n");
    throw new ExpectationError(`Cannot read "${file}": ${found}`, file);
  }
  return loaded.value.expectations.map((entry) => {
    try {
      return { ...entry, query: parseQuery(entry.query), text: entry.query };
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      throw new ExpectationError(`Cannot read "${file}": ${detail}`, file);
    }
  });
}

/**
 * Requires every expectation to match a case. Shards and filters leave cases out, so this looks at
 * the whole suite: an entry without a case is a typing error or has outlived its test.
 *
 * @throws {ExpectationError} If an entry matches nothing.
 */
export function checkExpectations(
  expectations: readonly Expectation[],
  o: { readonly cases: readonly Pick<TestCase, "parsed">[]; readonly file: string },
): void {
  for (const { query, text } of expectations) {
    if (o.cases.some((each) => matchesQuery(query, each.parsed))) continue;
    const nearest = suggestQuery(query, o.cases);
    const fix = nearest === undefined ? "correct or remove it" : `did you mean "${nearest}"?`;
    const message = `Cannot use "${o.file}": the entry "${text}" matches no case; ${fix}`;
    throw new ExpectationError(message, o.file);
  }
}

/**
 * Tells what the expectations say of a case.
 *
 * @param expectations Entries of a file; the first that covers the case counts.
 * @param o The case, what became of it, and the day, YYYY-MM-DD.
 * @returns What they say; undefined where they say nothing, or the case has no verdict.
 */
export function expectationOf(
  expectations: readonly Expectation[],
  o: { readonly query: Query; readonly outcome: Outcome; readonly today: string },
): CaseExpectation | undefined {
  const entry = expectations.find(({ query }) => matchesQuery(query, o.query));
  if (entry === undefined) return undefined;
  const { reason, issue, expires } = entry;
  switch (o.outcome.kind) {
    case "pass":
      return { state: "unexpected-pass", reason, issue, expires };
    case "fail":
      return { state: expires < o.today ? "expired" : "expected", reason, issue, expires };
    case "skip":
    case "error":
      return undefined;
    default:
      return o.outcome satisfies never;
  }
}
