import assert from "node:assert/strict";
import { markdownList, markdownParagraph, markdownTable } from "./markdown.ts";

Deno.test("markdownTable() pads cells to the widest of their column", () => {
  const columns = [{ title: "a" }, { title: "bb", align: "right" }] as const;
  assert.deepEqual(markdownTable(columns, [["long", "1"], ["–", "1234"]]), [
    "| a    |   bb |",
    "| ---- | ---: |",
    "| long |    1 |",
    "| –    | 1234 |",
  ]);
});

Deno.test("markdownParagraph() breaks lines before they pass 100 columns", () => {
  const lines = markdownParagraph("word ".repeat(41).trim());
  assert.deepEqual(lines.map(({ length }) => length), [99, 99, 4]);
});

Deno.test("markdownList() indents the lines that follow the first", () => {
  const lines = markdownList([`${"word ".repeat(20)}end`, "short"]);
  assert.deepEqual(lines.map((line) => line.slice(0, 4)), ["- wo", "  wo", "- sh"]);
});
