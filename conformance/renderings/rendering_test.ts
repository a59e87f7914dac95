import assert from "node:assert/strict";
import { type CaseRow, exitCodeOf, summarizeRows } from "../report.ts";
import { ReportError, type ReportFile } from "../report_file.ts";
import { describeRun } from "../run_identity.ts";
import { RENDERINGS, renderReports } from "./rendering.ts";
import { conformanceSection } from "./section.ts";

const KNOWN = {
  reason: "rounding",
  issue: "https://example.org/1",
  expires: "2030-01-01",
} as const;

function caseRow(query: string, parts: Partial<CaseRow> & Pick<CaseRow, "outcome">): CaseRow {
  const repeat = parts.outcome.kind === "fail" ? `headwise conformance --filter '${query}'` : "";
  return { kind: "case", query, clauses: ["mask/full"], elapsedMs: 2, repeat, ...parts };
}

const PASSED = { kind: "pass", budgetUsed: 0.25 } as const;
const FAILED = { kind: "fail", message: 'a < b & "c"\u0001\n100%', budgetUsed: 2 } as const;

const CASES: readonly CaseRow[] = [
  caseRow("allocator:pool:a:", {
    outcome: { kind: "error", origin: "subject", code: "crash", message: "gone" },
  }),
  caseRow("kernel:mask:full:rows=1", { outcome: PASSED }),
  caseRow("kernel:mask:full:rows=2", { outcome: FAILED }),
  caseRow("kernel:mask:tree:", { outcome: { kind: "skip", missing: ["kernel.tree_mask"] } }),
  caseRow("kernel:softmax:a:", { outcome: FAILED, expectation: { state: "expected", ...KNOWN } }),
  caseRow("kernel:softmax:b:", {
    outcome: PASSED,
    expectation: { state: "unexpected-pass", ...KNOWN },
  }),
];

function report(cases: readonly CaseRow[] = CASES, changes: Partial<ReportFile> = {}): ReportFile {
  const run = describeRun({
    subject: "x<y>",
    metadata: { device: "a & b" },
    capabilities: [],
    filters: [],
    seed: 1,
    commandLine: "headwise conformance",
    shard: null,
    cases: cases.length,
    selected: cases.map(({ query }) => query),
    runName: "",
  });
  const lines = cases.map((_, index) => index + 2);
  const summary = summarizeRows(cases, 5);
  return { file: "results/x.jsonl", run, cases, lines, summary, complete: true, ...changes };
}

const CUT = report(CASES.slice(0, 2), { complete: false });

Deno.test("renderReports() as junit counts, escapes and keeps faults apart from failures", () => {
  const text = renderReports("junit", [report()]);
  assert.match(text, /<testsuites name="x&lt;y&gt;" tests="6" failures="2" errors="1" skipped="2"/);
  assert.match(
    text,
    /<failure message="a &lt; b &amp; &quot;c&quot;\ufffd\n100%">mask\/full: headw/,
  );
  assert.match(text, /<error message="subject crash: gone">/);
  assert.match(text, /<skipped message="lacks kernel.tree_mask"\/>/);
  assert.match(text, /<failure message="unexpected pass: remove the expectation/);
  assert.equal(text.match(/<testcase /g)?.length, 6);
  assert.equal(text.match(/<testsuite /g)?.length, text.match(/<\/testsuite>/g)?.length);
  const both = renderReports("junit", [report(), CUT]);
  assert.match(both, /<testsuite name="x&lt;y&gt; kernel:mask"/);
  assert.match(both, /<error message="The run ended after 2 of 2 cases"\/>/);
});

Deno.test("renderReports() as tap has a plan, one line a case, and bails out of a cut run", () => {
  const lines = renderReports("tap", [report()]).split("\n");
  assert.deepEqual(lines.slice(0, 2), ["TAP version 14", "1..6"]);
  assert.equal(lines.filter((line) => line.startsWith("ok ")).length, 2);
  assert.equal(lines.filter((line) => line.startsWith("not ok ")).length, 4);
  assert.ok(lines.includes("ok 4 - kernel:mask:tree: # SKIP lacks kernel.tree_mask"));
  assert.ok(lines.includes("not ok 5 - kernel:softmax:a: # TODO https://example.org/1"));
  assert.match(renderReports("tap", [CUT]), /\nBail out! The run ended/);
});

Deno.test("renderReports() as markdown has a row a suite and lists what did not pass", () => {
  const text = renderReports("markdown", [report()]);
  assert.match(text, /\| `kernel:mask` \| 1 \| 1 \| 0 \| 1 \| 0 \| 25.0 % \|/);
  assert.match(text, /\| `allocator:pool` \| 0 \| 0 \| 0 \| 0 \| 1 \| {2}\|/);
  assert.match(text, /- `kernel:mask:full:rows=2` \(mask\/full\): a < b/);
  assert.match(text, /## Known failures\n\n- `kernel:softmax:a:`/);
  assert.match(text, /## Not claimed\n\n- kernel.tree_mask/);
});

Deno.test("renderReports() as sarif points at lines of the report and names clauses as rules", () => {
  const log = JSON.parse(renderReports("sarif", [report()]));
  assert.equal(log.version, "2.1.0");
  const [{ tool, results, invocations }] = log.runs;
  assert.deepEqual(results.map((each: { level: string }) => each.level), [
    "error",
    "error",
    "note",
    "error",
  ]);
  for (const result of results) {
    assert.equal(tool.driver.rules[result.ruleIndex].id, result.ruleId);
    const [{ physicalLocation: { artifactLocation, region } }] = result.locations;
    assert.equal(artifactLocation.uri, "results/x.jsonl");
    assert.equal(CASES[region.startLine - 2]?.query, result.partialFingerprints["headwise/query"]);
  }
  assert.equal(invocations[0].executionSuccessful, true);
  const cut = JSON.parse(renderReports("sarif", [CUT]));
  assert.equal(cut.runs[0].invocations[0].executionSuccessful, false);
  assert.equal("toolExecutionNotifications" in invocations[0], false);
  const [{ level, message }] = cut.runs[0].invocations[0].toolExecutionNotifications;
  assert.equal(level, "error");
  assert.match(message.text, /^The run ended after 2 of 2 cases$/);
});

Deno.test("renderReports() as github writes one line a finding, escaped", () => {
  const lines = renderReports("github", [report()]).trimEnd().split("\n");
  assert.equal(lines.length, 4);
  const start = "::error title=x<y>%3A kernel%3Amask%3Afull%3Arows=2::a < b";
  assert.ok(lines[1]?.startsWith(start), lines[1]);
  assert.match(lines[1]!, /%0A100%25%0ARepeat: headwise/);
  assert.match(lines[2]!, /^::notice /);
});

Deno.test("renderReports() as html is one page that loads nothing", () => {
  const text = renderReports("html", [report(), CUT]);
  assert.equal(text.match(/<th scope="row">/g)?.length, 3);
  assert.match(text, /<dt>lacks<\/dt><dd>kernel\.tree_mask<\/dd>/);
  const whole = renderReports("html", [report([CASES[1]!])]);
  assert.match(whole, /<dt>lacks<\/dt><dd>nothing<\/dd>/);
  assert.match(text, /<code>kernel:mask<\/code><\/th><td class="fail"[^>]*>1\/3<\/td>/);
  assert.match(text, /The run ended after 2 of 2 cases/);
  assert.doesNotMatch(text, /<script|<link|<img|@import|url\(|src=/);
  assert.doesNotMatch(text, /x<y>/);
  assert.match(text, /color-scheme: light dark/);
});

Deno.test("renderReports() as badge tells conformant, not and incomplete apart", () => {
  const text = (each: ReportFile): string => renderReports("badge", [each]);
  const passed = report(CASES.slice(1, 2));
  assert.match(text(passed), /aria-label="head-wise cache: 1 passed"/);
  assert.match(text(report()), /: 2 failed"/);
  assert.match(text({ ...passed, complete: false }), /: incomplete"/);
  assert.match(text(report([])), /: incomplete"/);
  assert.match(text(report(CASES.slice(4, 5))), /1 known failures"/);
  assert.doesNotMatch(text(passed), /href|url\(http/);
});

Deno.test("renderReports() refuses no report, and several where a form takes one", () => {
  for (const name of RENDERINGS) assert.throws(() => renderReports(name, []), ReportError, name);
  assert.throws(() => renderReports("tap", [report(), CUT]), /it takes one/);
  assert.throws(() => renderReports("badge", [report(), CUT]), /it takes one/);
});

Deno.test("summarizeRows() counts outcomes after expectations", () => {
  assert.deepEqual(summarizeRows(CASES, 5), {
    passed: 2,
    failed: 1,
    expectedFailures: 1,
    unexpectedPasses: 1,
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
  assert.equal(exitCodeOf({ ...none, skipped: 1 }), 5);
  assert.equal(exitCodeOf({ ...none, expectedFailures: 1 }), 0);
  assert.equal(exitCodeOf({ ...none, passed: 1, failed: 1 }), 1);
  assert.equal(exitCodeOf({ ...none, passed: 1, unexpectedPasses: 1 }), 1);
  assert.equal(exitCodeOf({ ...none, failed: 1, subjectErrors: 1 }), 4);
  assert.equal(exitCodeOf({ ...none, subjectErrors: 1, suiteErrors: 1 }), 3);
});

Deno.test("conformanceSection() gives verdict, suites and what did not pass", () => {
  const section = conformanceSection(report());
  assert.deepEqual(section.verdict, { word: "NOT CONFORMANT", tone: "bad" });
  const [suites, bad] = section.blocks.flatMap((block) =>
    block.kind === "table" ? [block.table.rows] : []
  );
  assert.deepEqual(suites.find(([name]) => name === "kernel:mask")!.slice(1), [
    "1",
    "1",
    "0",
    "1",
    "0",
  ]);
  assert.equal(bad.length, 4);
  const passed = CASES.slice(1, 2);
  assert.equal(conformanceSection(report(passed)).verdict.word, "CONFORMANT");
  const cut = report(passed, { complete: false });
  assert.deepEqual(conformanceSection(cut).verdict, { word: "INCOMPLETE", tone: "open" });
  assert.equal(conformanceSection(report([])).verdict.word, "NOTHING RAN");
});
