import assert from "node:assert/strict";
import { renderJsonLines, renderJunit, renderMarkdown, renderTap } from "./report_formats.ts";
import { type CaseRow, exitCodeOf, type ReportRow, summarizeRows } from "./report.ts";

function caseRow(query: string, outcome: CaseRow["outcome"]): CaseRow {
  const repeat = outcome.kind === "fail" ? `headwise conformance --filter '${query}'` : "";
  return { kind: "case", query, clauses: ["mask/full"], outcome, elapsedMs: 2, repeat };
}

const ROWS: readonly ReportRow[] = [
  { kind: "run", version: 1, subject: "x<y>", capabilities: [], filters: [], cases: 4 },
  caseRow("kernel:mask:full:rows=1", { kind: "pass", budgetUsed: 0.25 }),
  caseRow("kernel:mask:full:rows=2", { kind: "fail", message: 'a < b & "c"\u0001', budgetUsed: 2 }),
  caseRow("kernel:mask:tree:", { kind: "skip", missing: ["kernel.tree_mask"] }),
  caseRow("allocator:pool:a:", {
    kind: "error",
    origin: "subject",
    code: "exception",
    message: "gone",
  }),
];

Deno.test("renderJsonLines() writes one object a line", () => {
  const lines = renderJsonLines(ROWS).trimEnd().split("\n");
  assert.deepEqual(lines.map((line) => JSON.parse(line)), ROWS);
});

Deno.test("renderJunit() counts, escapes and keeps faults apart from failures", () => {
  const text = renderJunit(ROWS);
  assert.match(text, /<testsuites name="x&lt;y&gt;" tests="4" failures="1" errors="1" skipped="1"/);
  assert.match(text, /<failure message="a &lt; b &amp; &quot;c&quot;\ufffd">mask\/full: headwise/);
  assert.match(text, /<error message="subject exception: gone">/);
  assert.match(text, /<skipped message="lacks kernel.tree_mask"\/>/);
  assert.equal(text.match(/<testcase /g)?.length, 4);
  assert.equal(text.match(/<testsuite /g)?.length, text.match(/<\/testsuite>/g)?.length);
});

Deno.test("renderTap() has a plan and one line a case", () => {
  const lines = renderTap(ROWS).split("\n");
  assert.equal(lines[1], "1..4");
  assert.equal(lines.filter((line) => line.startsWith("ok ")).length, 2);
  assert.equal(lines.filter((line) => line.startsWith("not ok ")).length, 2);
  assert.ok(lines.includes("ok 3 - kernel:mask:tree: # SKIP lacks kernel.tree_mask"));
});

Deno.test("renderMarkdown() has a row a suite and lists what did not pass", () => {
  const text = renderMarkdown(ROWS);
  assert.match(text, /\| `kernel:mask` \| 1 \| 1 \| 1 \| 0 \| 25.0 % \|/);
  assert.match(text, /\| `allocator:pool` \| 0 \| 0 \| 0 \| 1 \| {2}\|/);
  assert.match(text, /- `kernel:mask:full:rows=2` \(mask\/full\): a < b/);
  assert.match(text, /## Skipped for want of\n\n- kernel.tree_mask/);
});

Deno.test("summarizeRows() counts outcomes and the worst budget that passed", () => {
  assert.deepEqual(summarizeRows(ROWS, 5), {
    passed: 1,
    failed: 1,
    skipped: 1,
    subjectErrors: 1,
    suiteErrors: 0,
    missingCapabilities: ["kernel.tree_mask"],
    worstBudgetUsed: 0.25,
    elapsedMs: 5,
  });
});

Deno.test("exitCodeOf() ranks faults over failures, and no case as a usage error", () => {
  const none = summarizeRows([], 0);
  assert.equal(exitCodeOf(none), 2);
  assert.equal(exitCodeOf({ ...none, passed: 1 }), 0);
  assert.equal(exitCodeOf({ ...none, skipped: 1 }), 0);
  assert.equal(exitCodeOf({ ...none, passed: 1, failed: 1 }), 1);
  assert.equal(exitCodeOf({ ...none, failed: 1, subjectErrors: 1 }), 4);
  assert.equal(exitCodeOf({ ...none, subjectErrors: 1, suiteErrors: 1 }), 3);
});
