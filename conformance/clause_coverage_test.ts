import assert from "node:assert/strict";
import { type Clause, listClauses, listPendingClauses } from "./clause.ts";
import { type CoverageInput, testsByClause } from "./clause_coverage.ts";
import { listTests } from "./registry.ts";

/** One thing wrong between clauses, tests and the pending list. */
interface CoverageProblem {
  /** What kind of problem it is. */
  readonly code:
    | "unknown-clause"
    | "uncovered-must"
    | "tool-clause"
    | "pending-has-test"
    | "pending-unknown";
  readonly clause: string;
  /** What is wrong and how to fix it. */
  readonly message: string;
}

/**
 * Lists the clauses that no test names.
 *
 * @param input Clauses and tests; the suite's own by default.
 * @returns The uncovered clauses, pending ones included.
 */
function uncoveredClauses(input: CoverageInput = {}): Clause[] {
  const names = testsByClause(input);
  return (input.clauses ?? listClauses()).filter((clause) => names.get(clause.id)?.length === 0);
}

/**
 * Checks clauses, tests and the pending list against each other.
 *
 * @param input The parts; the suite's own by default.
 * @returns Every problem; none means that CI may pass.
 */
function checkCoverage(input: CoverageInput = {}): CoverageProblem[] {
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

const [first, second] = listClauses().filter(({ kind }) => kind !== "tool");
const clauses = [first, second].filter((clause) => clause !== undefined);
const testOf = (ids: readonly string[]) => [{ id: "a:b:c" as const, clauses: ids }];
const ids = clauses.map((clause) => clause.id);

Deno.test("checkCoverage() finds nothing in the suite itself", () => {
  assert.deepEqual(checkCoverage(), []);
});

Deno.test("uncoveredClauses() are pending ones and those of the tool", () => {
  const pending = new Set(listPendingClauses().map(({ id }) => id));
  for (const { id, kind, level } of uncoveredClauses()) {
    assert.ok(kind === "tool" || pending.has(id) || level !== "MUST", id);
  }
});

Deno.test("checkCoverage() fails when a test of the suite judges a clause of the tool", () => {
  const problems = checkCoverage({ pending: [], tests: testOf(["gate/read"]) });
  assert.ok(problems.some(({ code, clause }) => code === "tool-clause" && clause === "gate/read"));
});

Deno.test("checkCoverage() fails when a test names an unknown clause", () => {
  const problems = checkCoverage({
    clauses,
    pending: [],
    tests: testOf([...ids, "layout/unheard"]),
  });
  assert.deepEqual(problems.map(({ code, clause }) => [code, clause]), [
    ["unknown-clause", "layout/unheard"],
  ]);
});

Deno.test("checkCoverage() fails when a MUST has no test and is not pending", () => {
  const problems = checkCoverage({ clauses, pending: [], tests: testOf(ids.slice(1)) });
  assert.deepEqual(problems.map(({ code, clause }) => [code, clause]), [[
    "uncovered-must",
    ids[0],
  ]]);
});

Deno.test("checkCoverage() accepts a MUST without a test when it is pending", () => {
  const pending = [{ id: ids[0] ?? "", reason: "later" }];
  assert.deepEqual(checkCoverage({ clauses, pending, tests: testOf(ids.slice(1)) }), []);
});

Deno.test("checkCoverage() fails when a pending clause has a test", () => {
  const pending = [{ id: ids[0] ?? "", reason: "later" }];
  const problems = checkCoverage({ clauses, pending, tests: testOf(ids) });
  assert.deepEqual(problems.map(({ code }) => code), ["pending-has-test"]);
});

Deno.test("checkCoverage() fails when the pending list names an unknown clause", () => {
  const pending = [{ id: "layout/unheard", reason: "later" }];
  const problems = checkCoverage({ clauses, pending, tests: testOf(ids) });
  assert.deepEqual(problems.map(({ code }) => code), ["pending-unknown"]);
});

Deno.test("testsByClause() counts the tests that name a clause", () => {
  const counts = testsByClause({ clauses, tests: testOf([ids[0] ?? ""]) });
  assert.deepEqual(counts.get(ids[0] ?? ""), ["a:b:c"]);
  assert.deepEqual(counts.get(ids[1] ?? ""), []);
  assert.ok(listTests().length > 0);
});
