import assert from "node:assert/strict";
import { parseReport, type ReportRow } from "../../../conformance/mod.ts";
import { openReport } from "./report_writer.ts";
import { reportOf } from "../../testing_report.ts";

Deno.test("openReport() has every row in the file before the next is written", async () => {
  const path = `results/writer_test_${crypto.randomUUID()}.jsonl`;
  const lines = (await reportOf()).trimEnd().split("\n");
  const rows = lines.map((line): ReportRow => JSON.parse(line));
  await Deno.mkdir("results", { recursive: true });
  const report = await openReport(path);
  try {
    for (const [index, row] of rows.entries()) {
      report.write(row);
      const { cases, complete } = parseReport(await Deno.readTextFile(path), path);
      assert.equal(cases.length, Math.min(index, rows.length - 2));
      assert.equal(complete, index === rows.length - 1);
    }
  } finally {
    report.close();
    await Deno.remove(path);
  }
});
