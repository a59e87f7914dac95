import assert from "node:assert/strict";
import { entry, paragraph, section } from "./manual_page.ts";
import { renderMarkdown } from "./render_markdown.ts";

Deno.test("renderMarkdown() joins entries to a table and escapes what Markdown would read", () => {
  const page = {
    name: "headwise-x",
    chapter: 1,
    sections: [
      section("NAME", [paragraph("headwise-x - HEADWISE_X *")]),
      section("OPTIONS", [entry("--a A|B", "One."), entry("--b", "Two|Three.")]),
      section("SEE ALSO", [paragraph("headwise(1)")]),
    ],
  } as const;
  const text = renderMarkdown({ title: "All", introduction: "Written.", pages: [page] });
  assert.equal(
    text,
    "# All\n\nWritten.\n\nHEADWISE\\_X \\*.\n\n## Options\n\n| | |\n| --- | --- |\n" +
      "| `--a A\\|B` | One. |\n| `--b` | Two\\|Three. |\n",
  );
  const two = renderMarkdown({ title: "All", introduction: "Written.", pages: [page, page] });
  assert.equal(two.split("\n## headwise-x\n").length, 3);
  assert.ok(two.includes("\n### Options\n"));
});
