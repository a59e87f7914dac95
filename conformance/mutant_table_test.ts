import assert from "node:assert/strict";
import { mutantsMarkdown } from "./mutant_table.ts";

Deno.test("mutantsMarkdown() is what docs/mutants.md holds", async () => {
  const kept = await Deno.readTextFile(new URL("../docs/mutants.md", import.meta.url));
  assert.equal(kept, mutantsMarkdown(), "Stale; run conformance/generate_mutants.ts");
});

Deno.test("mutantsMarkdown() has a mutant of every clause that the suite judges", () => {
  const rows = mutantsMarkdown().split("\n").filter((line) => line.startsWith("| `"));
  assert.ok(rows.length > 50);
  assert.deepEqual(rows.filter((row) => / \| 0 \| \d+ \| /.test(row)), []);
});
