import assert from "node:assert/strict";
import { parseReport } from "../../../conformance/mod.ts";
import type { ReportInput } from "../../../bench/mod.ts";
import { createPaint } from "../../terminal/paint.ts";
import { exitCodeOfFiles, printResults, type ReportedFile } from "./results.ts";
import { reportOf } from "../../testing_report.ts";

const STYLE = { paint: createPaint(false), columns: 100 };

function verdictFile(verdict: "PASS" | "FAIL" | "INCONCLUSIVE"): ReportedFile {
  const input: ReportInput = {
    kind: "comparison",
    file: "gate.json",
    result: {
      gate: "gate/read",
      verdict,
      reasons: ["because"],
      baseline: "uniform",
      candidate: "headwise",
      pairs: 1,
      comparisons: [],
      control: [],
    },
  };
  return { kind: "result", input };
}

async function runFile(): Promise<ReportedFile> {
  return { kind: "conformance", report: parseReport(await reportOf(), "runs.jsonl") };
}

Deno.test("exitCodeOfFiles() follows verdicts and runs", async () => {
  const run = await runFile();
  assert.equal(exitCodeOfFiles([run, verdictFile("PASS")]), 0);
  assert.equal(exitCodeOfFiles([verdictFile("PASS"), verdictFile("FAIL"), run]), 1);
  assert.equal(exitCodeOfFiles([verdictFile("INCONCLUSIVE"), run]), 3);
});

Deno.test("printResults() gives every file its part of Markdown and of text", async () => {
  const files = [verdictFile("FAIL"), await runFile()];
  const markdown = await printResults("markdown", { files, style: STYLE });
  assert.match(markdown, /^## FAIL: Comparison[^]*\n## CONFORMANT: Conformance of oracle\n/);
  const text = await printResults("text", { files, style: STYLE });
  assert.match(text, /^gate\.json\nFAIL {2}gate\/read[^]*\nCONFORMANT {2}oracle/);
});

Deno.test("printResults() refuses forms that a file has nothing for", async () => {
  const files = [verdictFile("PASS"), await runFile()];
  for (const format of ["junit", "tap", "sarif", "github", "badge"] as const) {
    await assert.rejects(printResults(format, { files, style: STYLE }), {
      name: "ResultError",
      message: /^Cannot write 'gate\.json' as \w+: that form is of conformance alone/,
    });
  }
  for (const format of ["csv", "csv-gaps", "perfetto"] as const) {
    await assert.rejects(printResults(format, { files, style: STYLE }), {
      message: /^Cannot write 'runs\.jsonl' as [\w-]+: that form is of benchmarks alone/,
    });
  }
});
