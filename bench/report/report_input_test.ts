import assert from "node:assert/strict";
import { readGateInput } from "../foreign/file.ts";
import { judgeForeignRuns } from "../foreign/gate.ts";
import { serializeResult } from "../result/file.ts";
import { serializeSweep } from "../sweep/file.ts";
import { kindOfReport, parseReportInput, type ReportInput, reportSection } from "./report_input.ts";
import { BENCH, INPUTS } from "./report_test_support.ts";

function textOf(input: ReportInput): string {
  switch (input.kind) {
    case "bench":
      return serializeResult(input.result);
    case "sweep":
      return serializeSweep(input.result.header, input.result.rows);
    case "comparison":
      return JSON.stringify(input.result, null, 2);
    default:
      return JSON.stringify(input.result);
  }
}

Deno.test("kindOfReport() tells kinds apart by their content, and each is read back", () => {
  for (const input of INPUTS) {
    const text = textOf(input);
    const { file } = input;
    assert.equal(kindOfReport(text, { file }), input.kind);
    const read = parseReportInput(text, { file, kind: input.kind });
    const content = (each: ReportInput): unknown => each.kind === "sweep" ? each.result.rows : each;
    assert.deepEqual(content(read), content(input));
  }
  assert.equal(kindOfReport('{"kind":"run"}\n{"kind":"ca', { file: "cut.jsonl" }), "conformance");
});

Deno.test("kindOfReport() names line and column of what it cannot read, and what it could", () => {
  const cases: [string, RegExp][] = [
    ["", /'x\.json:1:1': it is not JSON/],
    ['{\n  "kind": nothing\n}', /'x\.json:2:11': it is not JSON/],
    ['{"kind":"other"}', /'x\.json:1:1': its kind is 'other'; give what 'bench'/],
    ["[]", /'x\.json:1:1': it has no kind; give/],
    ['{"kind":"toString"}', /its kind is 'toString'/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => kindOfReport(text, { file: "x.json" }), { name: "ResultError", message });
  }
});

Deno.test("parseReportInput() names the place of a wrong field in a stored verdict", () => {
  const [, , , , comparison] = INPUTS;
  const text = textOf(comparison).replace('"pairs": 1', '"pairs": "one"');
  assert.throws(() => parseReportInput(text, { file: "gate.json", kind: "comparison" }), {
    message: /'gate\.json:\d+:12': "pairs": expected number/,
  });
});

Deno.test("parseReportInput() reads verdicts over runs of another benchmark", async () => {
  const runsOf = async (side: string) => {
    const input = await readGateInput(`bench/testdata/vllm-${side}.json`);
    assert.ok(input.kind === "foreign");
    return input.runs;
  };
  const report = judgeForeignRuns(await runsOf("baseline"), await runsOf("candidate"));
  const text = JSON.stringify(report);
  const o = { file: "gate.json", kind: "comparison" } as const;
  const input = parseReportInput(text, o);
  assert.deepEqual(input, { ...o, result: report });
  const { findings } = reportSection(input);
  assert.match(findings[0], /candidate against baseline, by vllm/);
  assert.ok(findings.includes(report.allowed));
  const regression = { ...report, gate: "gate/regression" } as const;
  const stored = parseReportInput(JSON.stringify(regression), o);
  assert.deepEqual(stored, { ...o, result: regression });
  const broken = text.replace('"tool":"vllm"', '"tool":"other"');
  assert.throws(() => parseReportInput(broken, o), /'gate\.json:1:\d+': "tool": Invalid option/);
});

Deno.test("parseReportInput() reads the verdict of a result over an earlier one, side by side", () => {
  const comparisons = BENCH.readGate!.comparisons;
  const side = { ...BENCH.readGate!, gate: "gate/regression", baseline: "headwise" } as const;
  const report = {
    gate: "gate/regression",
    verdict: "FAIL",
    maxRegression: 0.02,
    reasons: ["headwise: slower"],
    sides: [{ ...side, candidate: "headwise", comparisons }],
  } as const;
  const o = { file: "gate.json", kind: "comparison" } as const;
  const text = JSON.stringify(report);
  assert.equal(kindOfReport(text, o), "comparison");
  const input = parseReportInput(text, o);
  assert.deepEqual(input, { ...o, result: report });
  const { title, findings, blocks } = reportSection(input);
  assert.equal(title, "Regression between two results, no side worse than 2.0 %");
  assert.match(findings[0], /gate\/regression \w+: headwise against itself before/);
  assert.ok(findings.includes("headwise: slower"));
  assert.ok(blocks.some((block) => block.kind === "table"));
  const broken = text.replace('"maxRegression":0.02', '"maxRegression":"2 %"');
  assert.throws(() => parseReportInput(broken, o), /'gate\.json:1:\d+': "maxRegression": /);
});
