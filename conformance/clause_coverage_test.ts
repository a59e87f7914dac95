import assert from "node:assert/strict";
import { listClauses, listPendingClauses } from "./clause.ts";
import { checkCoverage, testsByClause, uncoveredClauses } from "./clause_coverage.ts";
import { listTests } from "./registry.ts";

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
