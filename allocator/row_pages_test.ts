import assert from "node:assert/strict";
import { buildAllocator, rowsOf, slot, snapshot } from "./builders_test.ts";
import { beginStep, FREE_PAGE, PageError, QUARANTINED_PAGE } from "./mod.ts";
import { checkRow, freeRow, takeColumns } from "./row_pages.ts";

Deno.test("takeColumns() appends behind what the slot holds, in both tables", () => {
  const a = buildAllocator({ draftTables: true });
  takeColumns(a, slot(0), 2);
  takeColumns(a, slot(1), 1);
  takeColumns(a, slot(0), 1);
  assert.deepEqual(rowsOf(a, 0).map((row) => row.slice(0, 4)), [[0, 1, 3, -1], [0, 1, 3, -1]]);
  assert.deepEqual(a.draftTable?.ids, a.table.ids);
  assert.equal(a.state.counts.peakPages, 8);
});

Deno.test("takeColumns() makes the row the owner, which moves with the request", () => {
  const a = buildAllocator();
  takeColumns(a, slot(1), 1);
  assert.equal(a.state.pools.owners[0], 1 * 2 + 0);
  assert.equal(a.state.pools.owners[8], 1 * 2 + 1);
});

Deno.test("checkRow() passes over holes and refuses foreign, doubled and missing pages", () => {
  const a = buildAllocator();
  takeColumns(a, slot(0), 3);
  takeColumns(a, slot(1), 1);
  checkRow(a, slot(0), 0, 0, 3, 3);
  checkRow(a, slot(0), 0, 1, 2, 2);
  for (
    const [value, code] of [[3, "page/foreign"], [0, "page/double-free"], [-1, "page/missing"]]
  ) {
    a.table.ids[1] = value as number;
    const before = snapshot(a);
    assert.throws(
      () => checkRow(a, slot(0), 0, 0, 3, 3),
      (error) => error instanceof PageError && error.code === code,
    );
    assert.deepEqual(snapshot(a), before);
  }
  checkRow(a, slot(0), 0, 0, 3, 2);
});

Deno.test("freeRow() frees at once, or quarantines while a step is open", () => {
  const a = buildAllocator();
  takeColumns(a, slot(0), 2);
  freeRow(a, slot(0), 0, 0, 1);
  assert.equal(a.state.pools.owners[0], FREE_PAGE);
  beginStep(a);
  freeRow(a, slot(0), 0, 0, 2);
  assert.equal(a.state.pools.owners[1], QUARANTINED_PAGE);
  assert.equal(a.state.fence.waiting, 1);
  assert.deepEqual(rowsOf(a, 0)[0].slice(0, 2), [-1, -1]);
});
