import assert from "node:assert/strict";
import { FORM_MEANINGS } from "./kernel_forms.ts";
import { SIDES } from "./sides.ts";

Deno.test("the page on verdicts says what each form stands for, as reports do", async () => {
  const page = await Deno.readTextFile("docs/verdict.md");
  const rows = new Map(
    page.split("\n").map((line) => line.split("|").map((cell) => cell.trim()))
      .filter((cells) => cells.length === 7)
      .map((cells) => [cells[1], cells]),
  );
  for (const [form, { standsFor, source }] of Object.entries(FORM_MEANINGS)) {
    assert.deepEqual(rows.get(`\`${form}\``)?.slice(4, 6), [standsFor, source], form);
  }
});

Deno.test("every side stands for a form that has a meaning and a source", () => {
  for (const { form } of Object.values(SIDES)) {
    assert(FORM_MEANINGS[form].source.length > 20, form);
  }
});
