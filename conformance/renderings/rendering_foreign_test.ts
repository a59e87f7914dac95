import assert from "node:assert/strict";
import type { CaseRow } from "../report.ts";
import { type ReportFile, reportOfRows } from "../report_file.ts";
import { describeRun } from "../run_identity.ts";
import { RENDERINGS, renderReports } from "./rendering.ts";

/** A report in which everything that a subject or a file decides is a foreign text. */
function reportWith(foreign: string): ReportFile {
  const outcomes = [
    { kind: "fail", message: foreign, budgetUsed: null },
    { kind: "error", origin: "subject", code: "crash", message: foreign },
    { kind: "skip", missing: [foreign] },
    { kind: "fail", message: foreign, budgetUsed: null },
  ] as unknown as readonly CaseRow["outcome"][];
  const known = { reason: foreign, issue: foreign, expires: "2999-01-01" };
  const cases = outcomes.map((outcome, index): CaseRow => ({
    kind: "case",
    query: `kernel:mask${foreign}:n=${index}:`,
    clauses: ["mask/full", foreign],
    outcome,
    elapsedMs: 1,
    repeat: foreign,
    ...(index === 3 ? { expectation: { state: "expected", ...known } } : {}),
  }));
  const run = describeRun({
    subject: foreign,
    metadata: { device: foreign },
    capabilities: [],
    filters: [],
    seed: 1,
    commandLine: foreign,
    shard: null,
    cases: cases.length,
    selected: cases.map(({ query }) => query),
    runName: "",
  });
  const policies = [{ policy: foreign, declared: foreign, standard: foreign }];
  return reportOfRows([{ ...run, policies } as typeof run, ...cases], foreign);
}

Deno.test("renderReports() shows no code point that acts, in any form but data", () => {
  for (let code = 0; code < 0x3000; code++) {
    if (/[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|[\n\t\u200c\u200d]/u.test(String.fromCodePoint(code))) {
      continue;
    }
    const report = reportWith(`a${String.fromCodePoint(code)}b`);
    for (const name of RENDERINGS) {
      const text = renderReports(name, [report]);
      if (name === "sarif") JSON.parse(text);
      else {assert.doesNotMatch(
          text.replaceAll("\n", ""),
          /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u,
          `${name} ${code}`,
        );}
    }
  }
});

Deno.test("renderReports() as tap and github lets no foreign line begin", () => {
  for (const end of ["\n", "\r\n", "\r", "\v", "\u0085", "\u2028"]) {
    const report = reportWith(`x # SKIP${end}ok 9 - forged${end}::error::forged${end}Bail out!`);
    const tap = renderReports("tap", [report]).split("\n");
    assert.ok(tap.every((line) => !/^(?:ok 9|::|Bail out! *$)/.test(line)), tap.join("\n"));
    assert.equal(tap.filter((line) => /^(?:not )?ok /.test(line)).length, 4);
    // A failure that names a directive is not excused by it.
    assert.ok(tap.filter((line) => line.startsWith("not ok 1")).every((line) => !/ # /.test(line)));
    const lines = renderReports("github", [report]).trimEnd().split(/\r\n|[\n\r]/);
    assert.equal(lines.length, 4);
    for (const line of lines) assert.match(line, /^::(?:error|notice) title=[^:]*::/);
  }
});

Deno.test("renderReports() as github keeps line ends, percents and commas of a text", () => {
  const [line] = renderReports("github", [reportWith("a\rb\r\nc%d,e:f")]).split("\n");
  const escaped = "a%0Db%0D%0Ac%25d";
  assert.ok(line!.startsWith(`::error title=${escaped}%2Ce%3Af%3A kernel%3A`), line);
  assert.ok(line!.includes(`::${escaped},e:f%0ARepeat: ${escaped},e:f`), line);
});

Deno.test("renderReports() as markdown keeps its form whatever a subject says", () => {
  const formOf = (foreign: string): string[] =>
    renderReports("markdown", [reportWith(foreign)]).split(/\r\n|[\n\r\v\f\u0085\u2028]/)
      .map((line) => {
        const [start] = /^(?:#+ |- |\| |)/.exec(line)!;
        return start === "| " ? `${line.split(/(?<!\\)\|/).length - 2} cells` : start;
      });
  const plain = formOf("x");
  for (
    const attack of [
      "a|b",
      "a\\|b",
      "```\n# forged",
      "\n- item",
      "\r| a |\n| - |",
      "`",
      "``|",
      "<b>\n",
    ]
  ) {
    assert.deepEqual(formOf(attack), plain, JSON.stringify(attack));
  }
  const text = renderReports("markdown", [reportWith("<img src=x>@a [l](http://e.x)")]);
  const outside = text.replaceAll(/(`+)[^]*?\1/g, "").replaceAll("<!-- -->", "");
  assert.doesNotMatch(outside, /(?<!\\)<\S|(?<!\\)\[|:\/\//);
});
