import assert from "node:assert/strict";
import { fillSections } from "./docs_page.ts";

Deno.test("fillSections() puts lines between marks, and says which are missing", () => {
  const page = "a\n<!-- x: written by deno task docs:figures -->\nold\n<!-- end: x -->\nb";
  assert.equal(
    fillSections(page, { x: ["new"] }),
    "a\n<!-- x: written by deno task docs:figures -->\n\nnew\n\n<!-- end: x -->\nb",
  );
  assert.throws(() => fillSections(page, { y: [] }), /Cannot fill "y"/);
});
