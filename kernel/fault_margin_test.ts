import assert from "node:assert/strict";
import { parseArithmetic } from "./arithmetic.ts";
import { rowOfKind } from "./arithmetic_rows.ts";
import { alteredMargin, boundRows, extraKeyMargin, lostKeyMargin } from "./fault_margin.ts";
import { encodeValues } from "./storage_type.ts";

const FLASH = parseArithmetic({ weights: "storage", sums: "matrix" });
const HEAD_SIZE = 64;

/** Twenty keys of one weight each; the values one-hot, or the same one for all. */
function flatRow(values: "one-hot" | "equal") {
  const row = rowOfKind("flat", { seed: 5, storage: "bf16", keys: 20 });
  const table = new Float64Array(row.values.length);
  for (let key = 0; key < 20; key++) table[key * HEAD_SIZE + (values === "equal" ? 0 : key)] = 1;
  return { ...row, values: encodeValues("bf16", table) };
}

Deno.test("lostKeyMargin() is large for one-hot values and nothing for equal ones", () => {
  const shown = flatRow("one-hot");
  assert.ok(lostKeyMargin(shown, boundRows(shown, FLASH)) > 50);
  // The mean of equal values is what it is, whichever key is lost.
  const hidden = flatRow("equal");
  assert.ok(lostKeyMargin(hidden, boundRows(hidden, FLASH)) < 1e-9);
});

Deno.test("lostKeyMargin() grows as the arithmetic narrows, and looks at the chosen rows alone", () => {
  const row = flatRow("one-hot");
  const narrow = lostKeyMargin(row, boundRows(row, parseArithmetic({})));
  assert.ok(narrow > lostKeyMargin(row, boundRows(row, FLASH)));
  const none = lostKeyMargin(row, boundRows(row, FLASH), { rows: () => false });
  assert.equal(none, Infinity);
});

Deno.test("extraKeyMargin() measures hidden keys, and needs one", () => {
  const all = flatRow("one-hot");
  assert.equal(extraKeyMargin(all, boundRows(all, FLASH)), Infinity);
  const windowed = { ...all, headWindows: Int32Array.of(7) };
  assert.ok(extraKeyMargin(windowed, boundRows(windowed, FLASH)) > 50);
});

Deno.test("alteredMargin() is of the row that another problem changes least", () => {
  const row = flatRow("one-hot");
  const bounded = boundRows(row, FLASH);
  assert.equal(alteredMargin(bounded, [row]), Infinity);
  const slightly = alteredMargin(bounded, [{ ...row, scale: 1.01e-3 }]);
  const grossly = alteredMargin(bounded, [{ ...row, headWindows: Int32Array.of(3) }]);
  assert.ok(slightly < 1 && grossly > 50, `${slightly} ${grossly}`);
});
