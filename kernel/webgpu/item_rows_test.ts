import assert from "node:assert/strict";
import {
  fittingRowsOfSubgroup,
  itemRowsOf,
  itemRowsOfSlots,
  itemRowsUpTo,
  type RowSizes,
} from "./item_rows.ts";

const FIVE: RowSizes = { leastMatrixRows: Infinity };
const EIGHT: RowSizes = { leastMatrixRows: Infinity, rowsOfSubgroup: 8 };
const MATRICES: RowSizes = { leastMatrixRows: 9 };

Deno.test("itemRowsOf() cuts a few rows into items of nearly one size, and many into tiles", () => {
  const sizes = (o: RowSizes) => [1, 5, 6, 8, 9, 12, 20, 24, 40].map((rows) => itemRowsOf(rows, o));
  assert.deepEqual(sizes(FIVE), [1, 5, 3, 4, 5, 4, 5, 5, 64]);
  assert.deepEqual(sizes(EIGHT), [1, 5, 6, 8, 5, 6, 7, 8, 64]);
});

Deno.test("a subgroup holds eight rows where registers have room for them", () => {
  const rows = (headSize: number) => fittingRowsOfSubgroup({ headSize, rowsOfSubgroup: 8 });
  assert.deepEqual([64, 128, 256].map(rows), [8, 8, 5]);
  assert.equal(fittingRowsOfSubgroup({ headSize: 64 }), 5);
});

Deno.test("itemRowsOf() gives matrices the rows that one holds, where they have a program", () => {
  const rows = [1, 3, 4, 5, 8, 16, 17, 24, 25].map((packed) => itemRowsOf(packed, MATRICES));
  assert.deepEqual(rows, [1, 3, 4, 5, 4, 16, 5, 5, 64]);
});

Deno.test("itemRowsUpTo() and itemRowsOfSlots() name every size that a step may ask for", () => {
  // Four to 28 rows: items of four and five, and one tile.
  const plain = { group: 4, ...FIVE };
  const matrices = { group: 8, ...MATRICES };
  assert.deepEqual(itemRowsUpTo({ ...plain, maxTokens: 7 }), [4, 5, 64]);
  assert.deepEqual(itemRowsUpTo({ ...matrices, maxTokens: 2 }), [4, 16]);
  assert.deepEqual(itemRowsOfSlots([0, 2, 2, 512], matrices), [16, 64]);
});
