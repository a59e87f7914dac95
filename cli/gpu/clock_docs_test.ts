import assert from "node:assert/strict";
import { digestRow, FORMULA_TENSORS, formulaNumber } from "../../kernel/mod.ts";
import { SIDES } from "../../bench/mod.ts";

const text = await Deno.readTextFile("docs/clock.md");

Deno.test("docs/clock.md shows the skeleton that is written", async () => {
  const skeleton = await Deno.readTextFile("conformance/adapters/skeletons/my_clock.py");
  const shown = /```python\n([\s\S]*?)```/.exec(text)![1]!;
  assert.equal(shown, skeleton);
});

Deno.test("docs/clock.md has ten right test vectors of the formula", () => {
  const rows = text.matchAll(
    /^\| (\d+) +\| (\d+) +\| (\d+) +\| (\d+) +\| (\d+) +\| (\d+) +\| (\w+) +\| (\d+) +\| (\S+) +\|$/gm,
  );
  let count = 0;
  for (const [, seed, layer, page, head, slot, element, tensor, n, value] of rows) {
    assert.ok(tensor! in FORMULA_TENSORS);
    const found = formulaNumber({
      seed: Number(seed),
      layer: Number(layer),
      page: Number(page),
      head: Number(head),
      slot: Number(slot),
      tensor: tensor as keyof typeof FORMULA_TENSORS,
    }, Number(element));
    assert.equal(found, Number(n));
    const eighths = tensor === "keys" || tensor === "values" ? 8 : 1;
    assert.equal((found - 8) / eighths, Number(value));
    count++;
  }
  assert.equal(count, 10);
});

Deno.test("docs/clock.md has a right digest", () => {
  const [, a, b] = /the eight elements 1 to 8 has the digest (\d+), (\d+)\./.exec(
    text.replaceAll("\n", " "),
  )!;
  const row = Uint16Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  assert.deepEqual(digestRow(row), [Number(a), Number(b)]);
});

Deno.test("docs/clock.md names the form of each side", () => {
  for (
    const side of ["two-pass", "uniform", "headwise-row", "uniform-clipped", "headwise"] as const
  ) {
    const row = new RegExp(`^\\| \`${side}\` +\\| \`${SIDES[side].form}\` +\\|`, "m");
    assert.match(text, row);
  }
});
