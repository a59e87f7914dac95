import assert from "node:assert/strict";
import { fillSections } from "./docs_page.ts";
import { statisticsSections } from "./docs_statistics.ts";

Deno.test("statisticsSections() give the figures of docs/statistics.md", async () => {
  const written = await Deno.readTextFile("docs/statistics.md");
  assert.equal(
    fillSections(written, statisticsSections()),
    written,
    "run 'deno task docs:figures'",
  );
});
