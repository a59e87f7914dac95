import assert from "node:assert/strict";
import {
  CACHE_TYPES,
  CAPACITY_CASES,
  capacitySections,
  replayCapacityCase,
  replayTypesOfCase,
} from "./docs_capacity.ts";
import { fillSections } from "./docs_page.ts";

const DOCUMENT = await Deno.readTextFile("docs/capacity.md");
/** Cases that are replayed in a second; the others have hundreds of rows per request. */
const QUICK = CAPACITY_CASES.filter(({ title }) => /ratio \.\d+$|every second/.test(title));

/** A table's rows, spaces aside: how wide its columns are depends on the other rows. */
function rowsOf(text: string): Set<string> {
  const rows = text.split("\n").filter((line) => line.startsWith("| "));
  return new Set(rows.map((row) => row.replaceAll(/ +/g, " ")));
}

Deno.test("docs/capacity.md shows every case", () => {
  for (const { title } of CAPACITY_CASES) {
    const shown = DOCUMENT.split("\n").filter((line) => line.startsWith(`| ${title} `));
    // Two layouts with and without recycling, five types with and without it, and the terms.
    assert.equal(shown.length, 4 + 2 * CACHE_TYPES.length + 1, title);
  }
});

Deno.test("capacitySections() give docs/capacity.md for what is replayed", async () => {
  const cases = [];
  for (const each of QUICK) cases.push(await replayCapacityCase(each));
  const types = await replayTypesOfCase(QUICK.find(({ title }) => /ratio \.75$/.test(title))!);
  const rendered = fillSections(DOCUMENT, capacitySections(cases, types));
  const prose = (text: string) => text.split("\n").filter((line) => !line.startsWith("| "));
  assert.deepEqual(prose(rendered), prose(DOCUMENT), "run 'deno task docs:figures'");
  const written = rowsOf(DOCUMENT);
  for (const row of rowsOf(rendered)) {
    if (/-{3}/.test(row)) continue;
    assert.ok(written.has(row), `${row} is not in docs/capacity.md; run 'deno task docs:figures'`);
  }
});

Deno.test("docs/capacity.md: replayed gains of one pool are the predicted ones within 2 %", () => {
  const [, terms] = DOCUMENT.split("## From the limit to the replay");
  const gains = terms.matchAll(/×([\d.]+) \| +×([\d.]+) \|$/gm);
  const pairs = [...gains].map(([, predicted, replayed]) => [Number(predicted), Number(replayed)]);
  assert.equal(pairs.length, CAPACITY_CASES.length);
  for (const [predicted, replayed] of pairs) {
    assert.ok(Math.abs(replayed / predicted - 1) < 0.02, `×${replayed} is not ×${predicted}`);
  }
});

Deno.test("docs/capacity.md: quantised pools hold what their bytes say, within 4 % of the prediction", () => {
  const [, section] = DOCUMENT.split("## Quantised pools");
  const rows = section!.matchAll(
    /\| (on|off) +\| +(\d+) \| +([\d.]+) \| +([\d.]+) \| +×[\d.]+ \|$/gm,
  );
  const figures = [...rows].map((
    [, , , predicted, replayed],
  ) => [Number(predicted), Number(replayed)]);
  assert.equal(figures.length, CAPACITY_CASES.length * CACHE_TYPES.length * 2);
  for (const [predicted, replayed] of figures) {
    assert.ok(Math.abs(replayed! / predicted! - 1) < 0.04, `${replayed} is not ${predicted}`);
  }
});
