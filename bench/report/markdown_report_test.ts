import assert from "node:assert/strict";
import { COMMENT_CHARACTERS, renderReportMarkdown } from "./markdown_report.ts";
import { reportSection } from "./report_input.ts";
import { INPUTS } from "./report_test_support.ts";
import type { ReportBlock, ReportSection } from "./section.ts";

function section(blocks: readonly ReportBlock[], findings = ["a finding"]): ReportSection {
  return {
    file: "a.json",
    title: "Benchmark of x",
    verdict: { word: "PASS", tone: "good" },
    findings,
    blocks,
  };
}

function table(rows: number, cell = "cell"): ReportBlock {
  return {
    kind: "table",
    table: {
      caption: `${rows} rows`,
      columns: [{ title: "name" }],
      rows: Array.from({ length: rows }, () => [cell]),
    },
  };
}

Deno.test("renderReportMarkdown() begins with the verdict and folds everything else away", () => {
  const text = renderReportMarkdown(INPUTS.map(reportSection));
  assert.match(text, /^## FAIL: Benchmark of tiny\n\n- gate\/capacity INCONCLUSIVE/);
  assert.equal(text.match(/^## /gm)!.length, INPUTS.length);
  const opened = text.match(/<details>/g)!.length;
  assert.ok(opened > 10);
  assert.equal(text.match(/<\/details>/g)!.length, opened);
  // Every table stands inside of details.
  let depth = 0;
  for (const line of text.split("\n")) {
    if (line.startsWith("<details>")) depth++;
    if (line === "</details>") depth--;
    if (line.startsWith("|")) assert.equal(depth, 1, line);
  }
});

Deno.test("renderReportMarkdown() takes markup in names and cells literally", () => {
  const text = renderReportMarkdown([section([table(1, "a|b <c>\n*d*")], ["`x` [y](z)"])]);
  assert.ok(text.includes("| a\\|b \\<c\\> \\*d\\* |"), text);
  assert.ok(text.includes("- \\`x\\` \\[y\\](z)\n"), text);
});

Deno.test("renderReportMarkdown() cuts long tables and says so", () => {
  const text = renderReportMarkdown([section([table(100)])]);
  assert.equal(text.match(/^\| cell/gm)!.length, 40);
  assert.match(text, /\nand 60 more rows\n/);
});

Deno.test("renderReportMarkdown() fits into a comment, the verdicts of all sections in it", () => {
  const large = section(Array.from({ length: 20 }, () => table(40, "x".repeat(80))));
  const text = renderReportMarkdown([large, large, large]);
  assert.ok(text.length <= COMMENT_CHARACTERS && text.length > COMMENT_CHARACTERS / 2);
  assert.equal(text.match(/^## PASS/gm)!.length, 3);
  assert.match(text, /\n\d+ parts do not fit into a comment; the page has them\.\n/);
  const endless = renderReportMarkdown([section([], ["y".repeat(100_000)])]);
  assert.ok(endless.length <= COMMENT_CHARACTERS);
  assert.match(endless, /does not fit into a comment\.\n$/);
});
