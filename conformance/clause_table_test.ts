import assert from "node:assert/strict";
import { listClauses } from "./clause.ts";
import { clausesMarkdown } from "./clause_table.ts";

Deno.test("clausesMarkdown() has one row for each clause", () => {
  const rows = clausesMarkdown().split("\n").filter((line) => line.startsWith("| `"));
  assert.equal(rows.length, listClauses().length);
});

Deno.test("clausesMarkdown() marks pending clauses and escapes bars", () => {
  const clause = {
    id: "layout/a",
    level: "MUST",
    kind: "safety",
    section: 1,
    sectionTitle: "Layouts",
    text: "A | B.",
    rationale: "C.",
  } as const;
  const pending = [{ id: "layout/a", reason: "later" }];
  const text = clausesMarkdown({ clauses: [clause], tests: [], pending });
  assert.match(text, /\| `layout\/a` \| MUST \| safety \| A \\\| B\. \| C\. \| pending: later \|/);
});

Deno.test("clausesMarkdown() is what docs/clauses.md holds", async () => {
  const kept = await Deno.readTextFile(new URL("../docs/clauses.md", import.meta.url));
  assert.equal(
    kept,
    clausesMarkdown(),
    "Stale; run: deno task headwise clauses --markdown > docs/clauses.md",
  );
});
