import assert from "node:assert/strict";
import { createPaint } from "./paint.ts";
import { renderTable, visibleWidth, wrapText } from "./table.ts";

Deno.test("renderTable() lines cells up when some are coloured", () => {
  const paint = createPaint(true);
  const lines = renderTable([["a", paint.green("1")], ["bb", "22"]], {
    columns: [{ title: "x" }, { title: "n", align: "right" }],
    indent: "> ",
  });
  assert.deepEqual(lines.map(visibleWidth), [8, 8, 8]);
  assert.equal(lines[1], `> a    ${paint.green("1")}`);
});

Deno.test("renderTable() leaves the heading out when every title is empty", () => {
  const columns = [{ title: "" }, { title: "" }];
  assert.deepEqual(renderTable([["a", "b"]], { columns }), ["a  b"]);
  assert.deepEqual(renderTable([], { columns }), []);
});

Deno.test("renderTable() fills a missing cell with nothing", () => {
  const columns = [{ title: "a" }, { title: "b" }];
  assert.deepEqual(renderTable([["x"]], { columns }), ["a  b", "x"]);
});

Deno.test("wrapText() keeps line breaks and never breaks a word", () => {
  assert.deepEqual(wrapText("a b\nlongerthanthat c", { width: 5 }), ["a b", "longerthanthat", "c"]);
});

Deno.test("renderTable() keeps a cell in its line, and its columns in place", () => {
  const rows = [["a\r\nb\nc\td\re", "1"], ["\x1b[2J", "2"]];
  assert.deepEqual(renderTable(rows, { columns: [{ title: "x\ny" }, { title: "n" }] }), [
    "x y        n",
    "a b c d e  1",
    "\\u001b[2J  2",
  ]);
});
