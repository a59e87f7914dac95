import assert from "node:assert/strict";
import { reportSection } from "./report_input.ts";
import { BENCH, INPUTS } from "./report_test_support.ts";
import { type ReportBlock, type ReportSection, worstVerdict } from "./section.ts";

function chartsOf(section: ReportSection): Extract<ReportBlock, { kind: "charts" }>[] {
  return section.blocks.filter((block) => block.kind === "charts");
}

Deno.test("worstVerdict() is bad before open before good", () => {
  const [good, bad, open] = (["good", "bad", "open"] as const).map((tone) => ({
    word: tone,
    tone,
  }));
  assert.equal(worstVerdict([good, open, bad]), bad);
  assert.equal(worstVerdict([good, open]), open);
  assert.equal(worstVerdict([]).tone, "none");
});

Deno.test("reportSection() of a benchmark shows everything that was measured", () => {
  const titles = chartsOf(reportSection(INPUTS[0])).map(({ title }) => title);
  assert.deepEqual(titles, [
    "Pairs and their interval",
    "Time to first token",
    "Time between tokens",
    "Batch over time",
    "Pool occupancy by kind of head",
    "Pages of a request, step by step",
    "Capacity, predicted and replayed",
  ]);
});

Deno.test("reportSection() shows pages held outside the window only without recycling", () => {
  const pages = chartsOf(reportSection(INPUTS[0]))[5].figures.rows;
  const outside = (side: string): number =>
    Number(pages.find(([name, row]) => name === side && row.startsWith("window"))!.at(-1));
  assert.ok(outside("headwise") > outside("headwise-recycle"));
  assert.ok(outside("pooled") > outside("pooled-recycle"));
  assert.deepEqual(pages.filter(([side]) => side === "uniform").map(([, row]) => row), [
    "all heads",
  ]);
});

Deno.test("reportSection() shows no figure of a kernel that is wrong", () => {
  const sides = BENCH.sides.map((side) => ({
    ...side,
    runs: side.runs.map((run) => ({
      ...run,
      performance: null,
      samples: null,
      tokenGaps: null,
      timeline: null,
    })),
  }));
  const failures = ["side 'headwise', step 3: off"];
  const verification = { ...BENCH.verification, failures };
  const result = { ...BENCH, sides, verification };
  const section = reportSection({ kind: "bench", file: "wrong.json", result });
  assert.deepEqual(section.verdict, { word: "WRONG KERNEL", tone: "bad" });
  assert.match(section.findings[0], /nothing is timed: side 'headwise', step 3/);
  assert.ok(!chartsOf(section).some(({ title }) => /token|time/.test(title)));
});

Deno.test("reportSection() of a live run names servers, failures and what it has no values of", () => {
  const section = reportSection(INPUTS[1]);
  assert.equal(section.verdict.word, "INCONCLUSIVE");
  assert.ok(section.findings.includes("one pair decides nothing"));
  const tables = section.blocks.filter((block) => block.kind === "table");
  assert.deepEqual(tables.at(-1)!.table.rows[0], [
    "endpoint",
    "1",
    "1",
    "timeout",
    "no byte, for 5 s",
  ]);
  assert.deepEqual(chartsOf(section)[1].figures.rows[0].slice(0, 3), ["endpoint", "2", "10.0"]);
  assert.ok(section.findings.includes("endpoint failed 1 requests: 1 timeout"));
});

Deno.test("reportSection() of a live run without a verdict is incomplete when a request failed", () => {
  const [, input] = INPUTS;
  assert.ok(input.kind === "live");
  const result = { ...input.result, gate: null };
  assert.deepEqual(reportSection({ ...input, result }).verdict, {
    word: "INCOMPLETE",
    tone: "open",
  });
  const sides = result.sides.map((side) => ({
    ...side,
    runs: side.runs.map((run) => ({
      ...run,
      performance: { ...run.performance, failed: 0 },
      errors: [],
    })),
  }));
  assert.equal(reportSection({ ...input, result: { ...result, sides } }).verdict.tone, "none");
});

Deno.test("reportSection() of a kernel run is bad when an output is wrong", () => {
  const [, , input] = INPUTS;
  assert.ok(input.kind === "kernel");
  assert.equal(reportSection(input).verdict.word, "GOALS MET");
  const [first, ...others] = input.result.cases;
  const outcome = { kind: "wrong", reason: "row 3 is off" } as const;
  const result = { ...input.result, cases: [{ ...first, outcome }, ...others] };
  const section = reportSection({ ...input, result });
  assert.equal(section.verdict.tone, "bad");
  assert.ok(section.findings.includes("smoke-decode: row 3 is off"));
  const untimed = { ...input.result, cases: [{ ...first, outcome }] };
  const empty = reportSection({ ...input, result: untimed });
  assert.deepEqual(chartsOf(empty), []);
  assert.equal(empty.blocks[0].kind, "missing");
});

Deno.test("reportSection() of a sweep is incomplete when a point could not be replayed", () => {
  const section = reportSection(INPUTS[3]);
  assert.equal(section.verdict.word, "INCOMPLETE");
  assert.deepEqual(chartsOf(section)[0].figures.rows, [["0", "16", "-20.0 %", "±0.0 %", "PASS"]]);
});

Deno.test("reportSection() of a stored verdict asks for the results beside it", () => {
  const section = reportSection(INPUTS[4]);
  assert.equal(section.verdict.word, BENCH.readGate!.verdict);
  assert.ok(section.blocks.some((block) => block.kind === "missing"));
});
