import assert from "node:assert/strict";
import { renderStatisticsDocument } from "./docs_statistics.ts";

Deno.test("renderStatisticsDocument() gives docs/statistics.md", async () => {
  const written = await Deno.readTextFile("docs/statistics.md");
  assert.equal(renderStatisticsDocument(), written, "run 'deno task docs:figures'");
});
