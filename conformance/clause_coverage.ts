/** Which clauses have a test, and what CI has to say about the rest. */
import { type Clause, listClauses, listPendingClauses, type PendingClause } from "./clause.ts";
import type { TestDefinition } from "./test_definition.ts";
import { listTests } from "./registry.ts";

/** One thing wrong between clauses, tests and the pending list. */
export interface CoverageProblem {
  /** What kind of problem it is. */
  readonly code:
    | "unknown-clause"
    | "uncovered-must"
    | "tool-clause"
    | "pending-has-test"
    | "pending-unknown";
  /** Id of the clause. */
  readonly clause: string;
  /** What is wrong and how to fix it. */
  readonly message: string;
}

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
 * @param input Clauses and tests; the suite's own by default.
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

/**
 * Lists the clauses that no test names.
 *
 * @param input Clauses and tests; the suite's own by default.
 * @returns The uncovered clauses, pending ones included.
 */
export function uncoveredClauses(input: CoverageInput = {}): Clause[] {
  const names = testsByClause(input);
  return (input.clauses ?? listClauses()).filter((clause) => names.get(clause.id)?.length === 0);
}

/**
 * Checks clauses, tests and the pending list against each other.
 *
 * @param input The parts; the suite's own by default.
 * @returns Every problem; none means that CI may pass.
 */
export function checkCoverage(input: CoverageInput = {}): CoverageProblem[] {
  const clauses = input.clauses ?? listClauses();
  const tests = input.tests ?? listTests();
  const pending = input.pending ?? listPendingClauses();
  const known = new Set(clauses.map((clause) => clause.id));
  const judged = clauses.filter((clause) => clause.kind !== "tool");
  const waived = new Set(pending.map((entry) => entry.id));
  const covered = new Set(tests.flatMap((test) => test.clauses));
  const problems: CoverageProblem[] = [];
  for (const test of tests) {
    for (const clause of test.clauses.filter((id) => !known.has(id))) {
      problems.push({
        code: "unknown-clause",
        clause,
        message: `Test "${test.id}" names the unknown clause ` +
          `"${clause}"; name one that stands in conformance/clauses`,
      });
    }
  }
  const ofTool = new Set(clauses.filter(({ kind }) => kind === "tool").map(({ id }) => id));
  for (const clause of [...covered].filter((id) => ofTool.has(id))) {
    problems.push({
      code: "tool-clause",
      clause,
      message: `Clause "${clause}" is about headwise itself; judge it in cli/tool_clauses`,
    });
  }
  for (const clause of judged) {
    if (clause.level === "MUST" && !covered.has(clause.id) && !waived.has(clause.id)) {
      problems.push({
        code: "uncovered-must",
        clause: clause.id,
        message: `Clause "${clause.id}" is a MUST without a test; write one, or give the reason ` +
          "in conformance/clauses/pending.yaml",
      });
    }
  }
  for (const entry of pending) {
    if (!known.has(entry.id)) {
      problems.push({
        code: "pending-unknown",
        clause: entry.id,
        message: `The pending list names the unknown clause "${entry.id}"; remove the entry`,
      });
    } else if (covered.has(entry.id)) {
      problems.push({
        code: "pending-has-test",
        clause: entry.id,
        message: `Clause "${entry.id}" is pending but has a test; remove it from ` +
          "conformance/clauses/pending.yaml",
      });
    }
  }
  return problems;
}
