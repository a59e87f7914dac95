import assert from "node:assert/strict";
import type { CaseRow, KillRow, ReportSummary } from "../../conformance/mod.ts";
import { renderCase, renderKillRow, renderSummary } from "./conformance.ts";
import { createPaint } from "../terminal/paint.ts";

const STYLE = { paint: createPaint(false), columns: 100 };

const SUMMARY: ReportSummary = {
  passed: 10,
  failed: 0,
  expectedFailures: 0,
  unexpectedPasses: 0,
  skipped: 2,
  subjectErrors: 0,
  suiteErrors: 0,
  missingCapabilities: ["kernel.into"],
  worstBudgetUsed: 0.25,
  elapsedMs: 1500,
};

const FAILED: CaseRow = {
  kind: "case",
  query: "kernel:decode:gqa:page=16",
  clauses: ["mask/window", "mask/full"],
  outcome: { kind: "fail", message: "Output [3] is 0.5, expected 0.25 ± 0.01", budgetUsed: 25 },
  elapsedMs: 3,
  repeat: "headwise conformance --filter 'kernel:decode:gqa:page=16'",
};

function verdictOf(summary: Partial<ReportSummary>): string {
  const lines = renderSummary({ ...SUMMARY, ...summary }, { subject: "oracle", style: STYLE });
  return lines[0]!.split("  ")[0]!;
}

Deno.test("renderSummary() ends with the counts in one plain line", () => {
  assert.deepEqual(renderSummary(SUMMARY, { subject: "oracle", style: STYLE }), [
    "CONFORMANT  oracle in 1,500 ms, at most 25.0 % of an error bound used",
    "  not claimed: kernel.into",
    "10 passed, 0 failed, 2 skipped",
  ]);
});

Deno.test("renderSummary() never calls a broken or an empty run conformant", () => {
  assert.equal(verdictOf({ failed: 1 }), "NOT CONFORMANT");
  assert.equal(verdictOf({ suiteErrors: 1 }), "NO VERDICT");
  assert.equal(verdictOf({ subjectErrors: 1 }), "NO VERDICT");
  assert.equal(verdictOf({ passed: 0 }), "NOTHING RAN");
  assert.equal(verdictOf({ unexpectedPasses: 1 }), "NOT CONFORMANT");
  assert.equal(verdictOf({ expectedFailures: 1 }), "CONFORMANT BUT FOR KNOWN FAILURES");
  const summary = { ...SUMMARY, subjectErrors: 3 };
  const lines = renderSummary(summary, { subject: "oracle", style: STYLE });
  assert.equal(lines.at(-1), "10 passed, 3 failed, 2 skipped");
});

Deno.test("renderCase() shows what failed, the clauses, and the command that repeats it", () => {
  assert.deepEqual(renderCase(FAILED, STYLE), [
    "FAIL  kernel:decode:gqa:page=16  mask/window mask/full",
    "  Output [3] is 0.5, expected 0.25 ± 0.01",
    "  repeat: headwise conformance --filter 'kernel:decode:gqa:page=16'",
  ]);
});

Deno.test("renderCase() is loud about a pass that was not expected", () => {
  const facts = { reason: "rounding", issue: "https://example.org/1", expires: "2030-01-01" };
  const outcome = { kind: "pass", budgetUsed: null } as const;
  const passed = {
    ...FAILED,
    outcome,
    expectation: { state: "unexpected-pass", ...facts },
  } as const;
  assert.match(renderCase(passed, STYLE)[0]!, /^UNEXPECTED PASS/);
  const known = { ...FAILED, expectation: { state: "expected", ...facts } } as const;
  assert.match(renderCase(known, STYLE)[0]!, /^KNOWN FAILURE/);
});

Deno.test("renderCase() tells a fault of the subject from a failure, and hides what passed", () => {
  const outcome = { kind: "error", origin: "subject", code: "timeout", message: "late" } as const;
  assert.match(renderCase({ ...FAILED, outcome }, STYLE)[0]!, /^SUBJECT timeout {2}kernel/);
  const passed = { kind: "pass", budgetUsed: null } as const;
  assert.deepEqual(renderCase({ ...FAILED, outcome: passed }, STYLE), []);
});

Deno.test("renderKillRow() names what rejected a mutant, and what should have", () => {
  const row: KillRow = {
    mutant: "flat-ids",
    fault: "Hands flat ids to a per-head kernel",
    origin: "field",
    violates: ["layout/id-spaces-distinct"],
    unproven: [],
    killed: true,
    expected: [{ query: "allocator:pool", failed: 2, cases: 9 }],
    rejectedBy: ["allocator:pool:ids"],
  };
  assert.deepEqual(renderKillRow(row, STYLE), [
    "killed    flat-ids  seen in an engine; layout/id-spaces-distinct",
    "          Hands flat ids to a per-head kernel",
    "          by allocator:pool:ids",
  ]);
  const expected = [{ query: "allocator:pool", failed: 0, cases: 9 }];
  const survived = renderKillRow({ ...row, killed: false, expected, rejectedBy: [] }, STYLE);
  assert.match(survived[0]!, /^SURVIVED {2}flat-ids/);
  assert.equal(survived[2], "          not rejected by allocator:pool");
});

Deno.test("renderSummary() tells what is different from what is wrong and from what is not claimed", () => {
  const policies = [{ policy: "nullId", declared: "0", standard: "-1" }] as const;
  const lines = renderSummary({ ...SUMMARY, failed: 0 }, {
    subject: "mine",
    style: STYLE,
    policies,
  });
  assert.ok(lines.includes("  different by declaration: nullId 0 (default -1)"), lines.join("\n"));
});
