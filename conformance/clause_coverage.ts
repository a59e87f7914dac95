/** Which tests each clause has. */
import { type Clause, listClauses, type PendingClause } from "./clause.ts";
import type { TestDefinition } from "./test_definition.ts";
import { listTests } from "./registry.ts";

/** The parts that coverage compares; each defaults to the suite's own. */
export interface CoverageInput {
  /** Clauses to be covered. */
  readonly clauses?: readonly Clause[];
  /** Tests that cover them. */
  readonly tests?: readonly Pick<TestDefinition, "id" | "clauses">[];
  /** Clauses that may go without. */
  readonly pending?: readonly PendingClause[];
}

/**
 * Counts the tests of each clause.
 *
 * @returns Test names (`suite:path:test`) by clause id; clauses without a test map to none.
 */
export function testsByClause(input: CoverageInput = {}): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const clause of input.clauses ?? listClauses()) {
    names.set(clause.id, []);
  }
  for (const test of input.tests ?? listTests()) {
    for (const clause of test.clauses) {
      names.get(clause)?.push(test.id);
    }
  }
  return names;
}
