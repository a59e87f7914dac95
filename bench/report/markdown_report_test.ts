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

/** A section in which every text is foreign. */
function foreignSection(text: string): ReportSection {
  const foreign: ReportBlock[] = [
    { kind: "text", text },
    { kind: "missing", title: text, text },
    {
      kind: "table",
      table: { caption: text, columns: [{ title: text }, { title: "n" }], rows: [[text, text]] },
    },
    { kind: "facts", title: text, facts: [[text, text]], command: text },
  ];
  return { ...section(foreign, [text, text]), file: text, title: text };
}

Deno.test("renderReportMarkdown() keeps its form whatever a file says", () => {
  const withoutBlocks = (text: string): string =>
    renderReportMarkdown([foreignSection(text)]).replaceAll(/^(`{3,})sh\n[^]*?\n\1$/gm, "");
  const formOf = (text: string): string[] =>
    withoutBlocks(text).split(/\r\n|[\n\r\v\f\u0085\u2028]/)
      .map((line) => /^(?:#+ |- |\| |<\/?details>|)/.exec(line)![0]);
  const plain = formOf("x");
  const attacks = [
    "|x|",
    "`",
    "\\",
    "<img src=x onerror=1>",
    "</details></summary>",
    "[l](http://e.x)",
    "@somebody",
    "\u2028x",
    "\x1b[2J",
  ];
  for (const attack of attacks) {
    assert.deepEqual(formOf(attack), plain, attack);
    const outside = withoutBlocks(attack).replaceAll(/(?<!\\)(`+)[^\n]*?\1/g, "")
      .replaceAll(/<(?:!-- --|\/?details|\/?summary)>/g, " ");
    // In the HTML of a summary nothing but tags and entities means anything.
    const markdown = withoutBlocks(attack).replaceAll(/^<details>.*$/gm, "")
      .replaceAll(/(?<!\\)(`+)[^\n]*?\1/g, "");
    assert.doesNotMatch(outside, /(?<!\\)<\S|@[a-z]/);
    assert.doesNotMatch(markdown, /(?<!\\)\[|:\/\//);
  }
});

Deno.test("renderReportMarkdown() ends a command's block only where the command ends", () => {
  for (const command of ["```\n# forged", "a\n````\nb", "a\r```\rb"]) {
    const facts: ReportBlock = { kind: "facts", title: "t", facts: [], command };
    const lines = renderReportMarkdown([section([facts])]).split("\n");
    const start = lines.findIndex((line) => line.endsWith("`sh"));
    const fence = lines[start]!.slice(0, -2);
    const end = lines.indexOf(fence, start + 1);
    assert.equal(end - start - 1, command.split("\n").length);
    assert.deepEqual(lines.slice(end + 1), ["", "</details>", ""]);
  }
});
