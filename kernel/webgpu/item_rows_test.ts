import assert from "node:assert/strict";
import {
  fittingRowsOfSubgroup,
  ITEM_ROWS,
  itemRowsOf,
  itemRowsOfSlots,
  itemRowsUpTo,
  rowGroupsOf,
  type RowSizes,
} from "./item_rows.ts";

const ONE: RowSizes = { leastMatrixRows: Infinity, rowGroups: 1 };
const FOUR: RowSizes = { leastMatrixRows: Infinity, rowGroups: 4 };
const MATRICES: RowSizes = { leastMatrixRows: 9, rowGroups: 4 };

Deno.test("itemRowsOf() cuts a few rows into items of nearly one size, and many into tiles", () => {
  const sizes = (o: RowSizes) => [1, 5, 6, 8, 9, 12, 20, 24, 40].map((rows) => itemRowsOf(rows, o));
  assert.deepEqual(sizes(ONE), [1, 5, 3, 4, 5, 4, 5, 5, 64]);
  assert.deepEqual(sizes({ ...ONE, rowGroups: 2 }), [1, 5, 6, 8, 10, 6, 10, 8, 64]);
  assert.deepEqual(sizes(FOUR), [1, 5, 6, 8, 10, 12, 20, 12, 64]);
  assert.deepEqual(sizes({ ...ONE, rowsOfSubgroup: 8 }), [1, 5, 6, 8, 5, 6, 8, 8, 64]);
});

Deno.test("every size divides into its groups of at most five rows, up to the tile's", () => {
  for (const rows of ITEM_ROWS.slice(0, -1)) {
    const own = rows / rowGroupsOf(rows);
    assert.ok(Number.isInteger(own) && own <= 5, `${rows} rows`);
  }
});

Deno.test("a subgroup holds eight rows where registers have room for them", () => {
  const rows = (headSize: number) => fittingRowsOfSubgroup({ headSize, rowsOfSubgroup: 8 });
  assert.deepEqual([64, 128, 256].map(rows), [8, 8, 5]);
  assert.equal(fittingRowsOfSubgroup({ headSize: 64 }), 5);
  assert.deepEqual([5, 8, 10].map((size) => rowGroupsOf(size, 8)), [1, 1, 2]);
});

Deno.test("itemRowsOf() gives matrices the rows that one holds, where they have a program", () => {
  const rows = [1, 3, 4, 5, 8, 16, 17, 24, 25].map((packed) => itemRowsOf(packed, MATRICES));
  assert.deepEqual(rows, [1, 3, 4, 5, 8, 16, 20, 12, 64]);
});

Deno.test("itemRowsUpTo() and itemRowsOfSlots() name every size that a step may ask for", () => {
  // Four to 28 rows of one group of rows: items of four and five, and one tile.
  const plain = { group: 4, ...ONE };
  const matrices = { group: 8, ...MATRICES };
  assert.deepEqual(itemRowsUpTo({ ...plain, maxTokens: 7 }), [4, 5, 64]);
  assert.deepEqual(itemRowsUpTo({ ...matrices, maxTokens: 2 }), [8, 16]);
  assert.deepEqual(itemRowsOfSlots([0, 2, 2, 512], matrices), [16, 64]);
});
