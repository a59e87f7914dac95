import assert from "node:assert/strict";
import { parseReport } from "../../conformance/mod.ts";
import { createPaint } from "../terminal/paint.ts";
import { exitCodeOfReports, printReports } from "./report_output.ts";
import { reportOf } from "../testing_report.ts";

const STYLE = { paint: createPaint(false), columns: 100 };

Deno.test("printReports() names the shard and says where a run was cut off", async () => {
  const text = await reportOf("--shard", "1/2");
  const whole = parseReport(text, "a.jsonl");
  const shown = printReports("text", { reports: [whole], style: STYLE });
  assert.match(shown, /^CONFORMANT {2}oracle, shard 1 of 2 in /);
  const cut = parseReport(text.slice(0, -10), "a.jsonl");
  assert.match(
    printReports("text", { reports: [cut], style: STYLE }),
    /^The run ended after 11 of/,
  );
});

Deno.test("exitCodeOfReports() gives the worst of several runs", async () => {
  const text = await reportOf();
  const good = parseReport(text, "a.jsonl");
  const cut = parseReport(text.slice(0, -10), "b.jsonl");
  const bad = { ...good, summary: { ...good.summary, failed: 1 } };
  assert.equal(exitCodeOfReports([good]), 0);
  assert.equal(exitCodeOfReports([good, bad]), 1);
  assert.equal(exitCodeOfReports([bad, cut]), 3);
  const skipped = { ...good, summary: { ...good.summary, passed: 0, skipped: 4 } };
  assert.equal(exitCodeOfReports([good, skipped]), 5);
  assert.equal(exitCodeOfReports([bad, skipped]), 1);
});
