import assert from "node:assert/strict";
import { Mismatch, PASS } from "./outcome.ts";
import { parseReport, renderJsonLines, ReportError } from "./report_file.ts";
import { mergeReports } from "./report_merge.ts";
import { caseRows, type ReportRow } from "./report.ts";
import { type ConformanceOptions, runConformance } from "./run.ts";
import { defineTest } from "./test_definition.ts";

const TESTS = [
  defineTest({
    id: "demo:run:one",
    clauses: ["mask/full"],
    description: "Fails once",
    needs: ({ size }) => size === 3 ? ["kernel.capture"] : [],
    cases: [1, 2, 3, 4, 5].map((size) => ({ size })),
    run: ({ params: { size } }) => {
      if (size === 4) throw new Mismatch("rows: expected 2, found 1", 1.5, { commands: [] });
      return Promise.resolve(PASS);
    },
  }),
];
const SUBJECT = { name: "demo", capabilities: new Set<never>(), metadata: { version: "1" } };

async function rowsOf(options: Partial<ConformanceOptions> = {}): Promise<readonly ReportRow[]> {
  return (await runConformance({ subject: SUBJECT, tests: TESTS, ...options })).rows;
}

async function shardFile(index: number, options: Partial<ConformanceOptions> = {}) {
  const shard = { index, count: 2 };
  return parseReport(renderJsonLines(await rowsOf({ shard, ...options })), `${index}.jsonl`);
}

Deno.test("parseReport() reads back what a run wrote", async () => {
  const rows = await rowsOf({ seed: 9, commandLine: "headwise conformance --seed 9" });
  const report = parseReport(renderJsonLines(rows), "a.jsonl");
  assert.equal(report.complete, true);
  assert.deepEqual(report.cases, caseRows(rows));
  assert.deepEqual([report.run.seed, report.run.commandLine, report.run.metadata], [
    9,
    "headwise conformance --seed 9",
    { version: "1" },
  ]);
  assert.deepEqual(report.lines, [2, 3, 4, 5, 6]);
});

Deno.test("parseReport() reads what is there of a run that was killed, at any byte", async () => {
  const text = renderJsonLines(await rowsOf());
  const header = text.indexOf("\n") + 1;
  for (let length = header; length < text.length; length++) {
    const report = parseReport(text.slice(0, length), "cut.jsonl");
    const whole = text.slice(header, length).split("\n").length - 1;
    assert.equal(report.cases.length, whole);
    assert.equal(report.complete, false);
  }
});

Deno.test("parseReport() names the line and the key of what is no row", async () => {
  const text = renderJsonLines(await rowsOf());
  for (
    const [line, reason] of [
      ['{"kind":"rune"}', /"a.jsonl:7": "kind": expected a row of kind run, case or end/],
      ['{"kind":"case","query":3}', /"a.jsonl:7": .*"query": expected string, found number/],
      ['{"kind":', /"a.jsonl:7": .*JSON/],
    ] as const
  ) {
    const changed = text.split("\n").with(6, line).join("\n");
    assert.throws(() => parseReport(changed, "a.jsonl"), reason);
  }
});

Deno.test("parseReport() refuses a report that was changed after it was written", async () => {
  const text = renderJsonLines(await rowsOf());
  const changed = text.replace("rows: expected 2, found 1", "rows: expected 2, found 2");
  assert.throws(() => parseReport(changed, "a.jsonl"), /Cannot trust "a.jsonl": its digest is/);
  const lines = text.split("\n");
  const without = lines.toSpliced(2, 1).join("\n");
  assert.throws(() => parseReport(without, "a.jsonl"), /digest/);
});

Deno.test("parseReport() names the line that is no row", async () => {
  const [run, first] = (await rowsOf()).map((row) => JSON.stringify(row));
  const bad = [
    "{}\n",
    `${first}\n`,
    `${run}\nnot JSON\n`,
    `${run}\n${run}\n`,
    `${run?.replace('"version":2', '"version":1')}\n`,
    `${run}\n${first?.replace('"pass"', '"passed"')}\n`,
  ];
  for (const text of bad) {
    assert.throws(() => parseReport(text, "a.jsonl"), ReportError, text);
  }
  assert.throws(() => parseReport(`${run}\n${first}\nx\n`, "a.jsonl"), /a\.jsonl:3/);
});

Deno.test("mergeReports() gives the rows that the whole run would have written", async () => {
  const [first, second] = [await shardFile(1), await shardFile(2)];
  const merged = mergeReports([second, first]);
  const whole = caseRows(await rowsOf());
  assert.deepEqual(
    caseRows(merged).map(({ query, outcome }) => [query, outcome.kind]),
    whole.map(({ query, outcome }) => [query, outcome.kind]),
  );
  const report = parseReport(renderJsonLines(merged), "merged.jsonl");
  assert.deepEqual([report.complete, report.run.shard, report.summary.failed], [true, null, 1]);
});

Deno.test("mergeReports() refuses missing, repeated, cut and foreign shards", async () => {
  const [first, second] = [await shardFile(1), await shardFile(2)];
  const text = renderJsonLines(await rowsOf({ shard: { index: 2, count: 2 } }));
  const cut = parseReport(text.split("\n").slice(0, 2).join("\n") + "\n", "cut.jsonl");
  const whole = parseReport(renderJsonLines(await rowsOf()), "whole.jsonl");
  const others = [
    await shardFile(2, { seed: 2 }),
    await shardFile(2, { runName: "another" }),
    await shardFile(2, { subject: { ...SUBJECT, name: "other" } }),
    await shardFile(2, { shard: { index: 2, count: 3 } }),
  ];
  assert.throws(() => mergeReports([]), /there is no report/);
  assert.throws(() => mergeReports([first]), /shard 2 of 2 is missing/);
  assert.throws(() => mergeReports([first, second, second]), /shard 2 of 2 is in "2.jsonl" too/);
  assert.throws(() => mergeReports([first, cut]), /"cut.jsonl": it has 1 of 2 cases/);
  assert.throws(() => mergeReports([whole]), /it is a whole run/);
  for (const other of others) {
    assert.throws(() => mergeReports([first, other]), /they are of different runs/);
  }
  const lacking = { ...second, cases: second.cases.slice(1) };
  assert.throws(() => mergeReports([first, lacking]), /the run has \d+ cases and the shards \d+/);
  const overlapping = { ...second, cases: [...second.cases.slice(1), first.cases[0]!] };
  assert.throws(
    () => mergeReports([first, overlapping]),
    /Cannot merge ".*" with ".*": the case ".*" is in two reports/,
  );
});
