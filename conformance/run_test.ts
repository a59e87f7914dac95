import assert from "node:assert/strict";
import { requireEqual } from "./acceptance.ts";
import { PASS } from "./outcome.ts";
import { parseQuery } from "./query.ts";
import { caseRows } from "./report.ts";
import { runConformance, seedOfQuery } from "./run.ts";
import type { Subject } from "./subject.ts";
import { createOracleSubject } from "./subjects/oracle.ts";
import { defineTest, type TestDefinition } from "./test_definition.ts";

const EMPTY: Subject = { name: "empty", capabilities: new Set() };

function testOf(run: TestDefinition["run"], needs: TestDefinition["needs"] = () => []) {
  const names = { id: "demo:run:one", clauses: ["mask/full"] } as const;
  return defineTest({ ...names, description: "Demo", needs, cases: [{ size: 2 }], run });
}

async function outcomeOf(test: TestDefinition, subject: Subject = EMPTY) {
  const report = await runConformance({ subject, tests: [test], timeoutMs: 50 });
  return caseRows(report.rows)[0];
}

Deno.test("runConformance() writes a run row, case rows and an end row", async () => {
  const seen: string[] = [];
  const report = await runConformance({
    subject: EMPTY,
    tests: [testOf(() => Promise.resolve(PASS))],
    onRow: (row) => seen.push(row.kind),
  });
  assert.deepEqual(seen, ["run", "case", "end"]);
  assert.deepEqual(report.rows.map((row) => row.kind), seen);
  assert.equal(report.summary.passed, 1);
});

Deno.test("runConformance() fails a case with its message and the command that repeats it", async () => {
  const row = await outcomeOf(testOf(() => {
    requireEqual("rows", 1, 2);
    return Promise.resolve(PASS);
  }));
  assert.deepEqual(row?.outcome, {
    kind: "fail",
    message: "rows: expected 2, found 1",
    budgetUsed: null,
  });
  assert.equal(row?.repeat, "headwise conformance --filter 'demo:run:one:size=2'");
});

Deno.test("runConformance() skips and lists a case when a capability is missing", async () => {
  const report = await runConformance({
    subject: EMPTY,
    tests: [testOf(() => Promise.resolve(PASS), () => ["kernel.capture"])],
  });
  assert.equal(report.summary.skipped, 1);
  assert.equal(report.summary.passed, 0);
  assert.deepEqual(report.summary.missingCapabilities, ["kernel.capture"]);
});

Deno.test("runConformance() blames the subject when it throws or lacks what it claims", async () => {
  const row = await outcomeOf(testOf(async ({ kernel }) => {
    await kernel.releaseCapture(1);
    return PASS;
  }));
  assert.equal(row?.outcome.kind === "error" && row.outcome.origin, "subject");
});

Deno.test("runConformance() blames the suite when a test throws", async () => {
  const row = await outcomeOf(testOf(() => Promise.reject(new TypeError("oops"))));
  assert.deepEqual(row?.outcome, {
    kind: "error",
    origin: "suite",
    code: "exception",
    message: "oops",
  });
});

Deno.test("runConformance() gives up on a subject that does not answer", async () => {
  const { promise, resolve } = Promise.withResolvers<typeof PASS>();
  const row = await outcomeOf(testOf(() => promise));
  resolve(PASS);
  assert.equal(row?.outcome.kind === "error" && row.outcome.code, "timeout");
});

Deno.test("runConformance() stops when its signal aborts", async () => {
  const signal = AbortSignal.abort();
  const tests = [testOf(() => Promise.resolve(PASS))];
  const report = await runConformance({ subject: EMPTY, tests, signal });
  assert.equal(caseRows(report.rows).length, 0);
});

Deno.test("seedOfQuery() depends on the id alone", () => {
  assert.equal(seedOfQuery("a:b:c:d=1"), seedOfQuery("a:b:c:d=1"));
  assert.notEqual(seedOfQuery("a:b:c:d=1"), seedOfQuery("a:b:c:d=2"));
});

Deno.test("runConformance() passes the reference allocator and its validator", async () => {
  const filters = ["allocator", "validator", "capture"].map(parseQuery);
  const report = await runConformance({ subject: createOracleSubject(), filters });
  const bad = caseRows(report.rows).filter((row) => row.outcome.kind !== "pass");
  assert.deepEqual(bad, []);
});
