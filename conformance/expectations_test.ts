import assert from "node:assert/strict";
import {
  checkExpectations,
  type Expectation,
  ExpectationError,
  parseExpectations,
} from "./expectations.ts";
import { Mismatch, PASS } from "./outcome.ts";
import { listCases } from "./registry.ts";
import { caseRows, caseStatus, exitCodeOf } from "./report.ts";
import { runConformance } from "./run.ts";
import { defineTest } from "./test_definition.ts";

const ENTRY = {
  query: "demo:run:one:*",
  reason: "rounding",
  issue: "https://example.org/issues/1",
  expires: "2030-06-30",
};

const TESTS = [
  defineTest({
    id: "demo:run:one",
    clauses: ["mask/full"],
    description: "Fails where it is told to",
    needs: ({ how }) => how === "skip" ? ["kernel.capture"] : [],
    cases: [{ how: "pass" }, { how: "fail" }, { how: "skip" }],
    run: ({ params: { how } }) => {
      if (how === "fail") throw new Mismatch("rows: expected 2, found 1");
      return Promise.resolve(PASS);
    },
  }),
];

function expectations(changes: Partial<typeof ENTRY> = {}): readonly Expectation[] {
  const text = JSON.stringify({ expectations: [{ ...ENTRY, ...changes }] });
  return parseExpectations(text, "known.yaml");
}

async function run(known: readonly Expectation[], today = "2030-06-30") {
  const subject = { name: "demo", capabilities: new Set<never>() };
  const report = await runConformance({ subject, tests: TESTS, expectations: known, today });
  return { ...report, statuses: caseRows(report.rows).map(caseStatus) };
}

Deno.test("runConformance() accepts a known failure until the end of its last day", async () => {
  const known = expectations({ query: "demo:run:one:how=fail" });
  const { statuses, summary } = await run(known);
  assert.deepEqual(statuses, ["xfail", "pass", "skip"]);
  assert.equal(summary.failed, 0);
  assert.equal(summary.expectedFailures, 1);
  assert.equal(exitCodeOf(summary), 0);
});

Deno.test("runConformance() fails a known failure when it has expired", async () => {
  const { statuses, summary } = await run(expectations({ query: "demo" }), "2030-07-01");
  assert.equal(statuses[0], "fail");
  assert.equal(summary.failed, 1);
});

Deno.test("runConformance() is not conformant when a case passes that is known to fail", async () => {
  const { statuses, summary } = await run(expectations());
  assert.deepEqual(statuses, ["xfail", "xpass", "skip"]);
  assert.equal(summary.unexpectedPasses, 1);
  assert.equal(exitCodeOf(summary), 1);
});

Deno.test("parseExpectations() refuses an entry when a part is missing or malformed", () => {
  const bad: readonly Partial<typeof ENTRY>[] = [
    { query: "Demo" },
    { reason: "" },
    { issue: "later" },
    { issue: "javascript:alert(1)" },
    { expires: "tomorrow" },
    { expires: "2030-02-30" },
  ];
  for (const changes of bad) {
    assert.throws(() => expectations(changes), ExpectationError, JSON.stringify(changes));
  }
  const { expires: _, ...endless } = ENTRY;
  for (const text of ["- 1", "expectations: {", JSON.stringify({ expectations: [endless] })]) {
    assert.throws(() => parseExpectations(text, "known.yaml"), /Cannot read "known.yaml"/);
  }
});

Deno.test("parseExpectations() names the place of a mistake, and survives nested maps as keys", () => {
  const text = "expectations:\n  - query: demo\n    reson: rounding\n";
  assert.throws(() => parseExpectations(text, "known.yaml"), /known.yaml:3:5: .*"reason"/);
  const nested = `${"{".repeat(60)}a${"}".repeat(60)}`;
  assert.throws(() => parseExpectations(nested, "known.yaml"), ExpectationError);
});

Deno.test("checkExpectations() refuses an entry that matches no case of the whole suite", () => {
  const cases = listCases();
  const matching = expectations({ query: "kernel:dual" });
  checkExpectations(matching, { cases, file: "known.yaml" });
  const stale = expectations({ query: "kernel:dual:merged:*" });
  assert.throws(
    () => checkExpectations(stale, { cases, file: "known.yaml" }),
    /"known.yaml": the entry "kernel:dual:merged:\*" matches no case/,
  );
});

Deno.test("exitCodeOf() is its own where every case was skipped", () => {
  const none = {
    passed: 0,
    failed: 0,
    skipped: 0,
    expectedFailures: 0,
    unexpectedPasses: 0,
    suiteErrors: 0,
    subjectErrors: 0,
  } as Parameters<typeof exitCodeOf>[0];
  assert.equal(exitCodeOf(none), 2);
  assert.equal(exitCodeOf({ ...none, skipped: 3 }), 5);
  assert.equal(exitCodeOf({ ...none, skipped: 3, passed: 1 }), 0);
  assert.equal(exitCodeOf({ ...none, skipped: 3, expectedFailures: 1 }), 0);
  assert.equal(exitCodeOf({ ...none, skipped: 3, failed: 1 }), 1);
});
