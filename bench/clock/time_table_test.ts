import assert from "node:assert/strict";
import { parseTimeTable } from "./time_table.ts";

const HEADER = "form,sequences,query_tokens,context_tokens,window_tokens,microseconds";

Deno.test("parseTimeTable() sorts calls by kind, and reads the card and both units", () => {
  const table = parseTimeTable(
    `# card: Some Card 80GB\n${HEADER},window_heads\nrow,32,1,16384,0,250,0\n` +
      `headwise,1,8192,8192,4096,800.5,2\r\nrow,1,1,64,0,5,0\n\n`,
    { file: "a/b.csv" },
  );
  assert.equal(table.name, "b.csv");
  assert.equal(table.card, "Some Card 80GB");
  assert.deepEqual(
    table.kinds.map((
      { form, windowTokens, windowHeads, calls },
    ) => [form, windowTokens, windowHeads, calls.map(({ milliseconds }) => milliseconds)]),
    [["row", 0, 0, [0.25, 0.005]], ["headwise", 4096, 2, [0.8005]]],
  );
  const inMs = parseTimeTable(`${HEADER.replace("micro", "milli")}\nrow,1,1,1,0,2\n`, {
    file: "c.csv",
  });
  assert.equal(inMs.kinds[0].calls[0].milliseconds, 2);
  assert.equal(inMs.kinds[0].windowHeads, null);
});

const faults: readonly [string, string, RegExp][] = [
  ["no column", `${HEADER.replace("form,", "")}\n`, /^t.csv:1:1: .*"form" is missing/],
  ["an unknown column", `${HEADER},speed\n`, /^t.csv:1:71: .*"speed" is not known/],
  ["a column twice", `${HEADER},form\n`, /^t.csv:1:71: .*"form" stands twice/],
  ["two units", `${HEADER},milliseconds\n`, /2 columns hold times/],
  ["no unit", HEADER.replace("micro", "nano"), /"nanoseconds" is not known/],
  ["a missing cell", `${HEADER}\nrow,1,1,1,0\n`, /^t.csv:2:1: .*5 cells, and the header 6/],
  ["another form", `${HEADER}\nrows,1,1,1,0,1\n`, /^t.csv:2:1: .*"rows" is not known; give one of/],
  ["a fraction", `${HEADER}\nrow,1.5,1,1,0,1\n`, /^t.csv:2:5: .*"1.5" of "sequences"/],
  ["no request", `${HEADER}\nrow,0,1,1,0,1\n`, /^t.csv:2:5: .*at least 1/],
  ["a time of 0", `${HEADER}\nrow,1,1,1,0,0\n`, /^t.csv:2:13: .*is not a time/],
  ["no time", `${HEADER}\nrow,1,1,1,0,\n`, /^t.csv:2:13: .*is not a time/],
  ["a time without end", `${HEADER}\nrow,1,1,1,0,Infinity\n`, /is not a time/],
  ["too little context", `${HEADER}\nrow,1,9,8,0,1\n`, /^t.csv:2:9: .*cannot hold 9 new ones/],
  ["no line", `${HEADER}\n# nothing\n`, /^t.csv: .*has no times; begin it with/],
];

for (const [name, text, message] of faults) {
  Deno.test(`parseTimeTable() names the place of ${name}`, () => {
    assert.throws(() => parseTimeTable(text, { file: "t.csv" }), { name: "FixtureError", message });
  });
}
