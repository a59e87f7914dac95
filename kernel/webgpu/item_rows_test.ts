import assert from "node:assert/strict";
import { itemRowsOf, itemRowsOfSlots, itemRowsUpTo } from "./item_rows.ts";

Deno.test("itemRowsOf() cuts a few rows into items of nearly one size, and many into tiles", () => {
  assert.deepEqual([1, 5, 6, 8, 20, 40].map((rows) => itemRowsOf(rows)), [1, 5, 3, 4, 5, 64]);
});

Deno.test("itemRowsOf() gives matrices the rows that one holds, where they have a program", () => {
  const rows = [1, 3, 4, 5, 8, 16, 17, 24, 25].map((packed) => itemRowsOf(packed, true));
  assert.deepEqual(rows, [1, 3, 4, 5, 4, 16, 5, 5, 64]);
});

Deno.test("itemRowsUpTo() and itemRowsOfSlots() name every size that a step may ask for", () => {
  const plain = { group: 8, hasMatrixRows: false };
  // Eight, 16, 24 and 32 rows: two items of four, four of four, five of five, one tile.
  assert.deepEqual(itemRowsUpTo({ ...plain, maxTokens: 4 }), [4, 5, 64]);
  const matrices = { group: 8, hasMatrixRows: true };
  assert.deepEqual(itemRowsUpTo({ ...matrices, maxTokens: 2 }), [4, 16]);
  assert.deepEqual(itemRowsOfSlots([0, 2, 2, 512], matrices), [16, 64]);
});
