import assert from "node:assert/strict";
import { buildAllocator, rowsOf, slot, snapshot } from "./builders_test.ts";
import { beginStep, FREE_PAGE, PageError, QUARANTINED_PAGE } from "./mod.ts";
import { freeColumns, takeColumns } from "./row_pages.ts";

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

Deno.test("freeColumns() refuses foreign, doubled and missing pages in any row and changes nothing", () => {
  const a = buildAllocator();
  takeColumns(a, slot(0), 3);
  takeColumns(a, slot(1), 1);
  const secondRow = a.state.rowStarts[1];
  for (const start of [0, secondRow]) {
    const held = a.table.ids[start + 1];
    for (
      const [value, code] of [[3, "page/foreign"], [0, "page/double-free"], [-1, "page/missing"]]
    ) {
      a.table.ids[start + 1] = value as number;
      const before = snapshot(a);
      assert.throws(
        () => freeColumns(a, slot(0), 0, 3, 0, false),
        (error) => error instanceof PageError && error.code === code,
      );
      assert.deepEqual(snapshot(a), before);
    }
    a.table.ids[start + 1] = held;
  }
  assert.equal(freeColumns(a, slot(0), 0, 3, 0, false), 6);
});

Deno.test("freeColumns() passes over the holes of window rows, and over full rows when asked", () => {
  const a = buildAllocator();
  takeColumns(a, slot(0), 3);
  assert.equal(freeColumns(a, slot(0), 0, 1, 0, true), 1);
  assert.deepEqual(rowsOf(a, 0).map((row) => row.slice(0, 3)), [[-1, 1, 2], [0, 1, 2]]);
  assert.throws(() => freeColumns(a, slot(0), 0, 3, 0, false), PageError);
  assert.equal(freeColumns(a, slot(0), 0, 3, 1, false), 2 + 3);
});

Deno.test("freeColumns() frees at once, or quarantines while a step is open", () => {
  const a = buildAllocator({ draftTables: true });
  takeColumns(a, slot(0), 2);
  freeColumns(a, slot(0), 0, 1, 0, true);
  assert.equal(a.state.pools.owners[0], FREE_PAGE);
  beginStep(a);
  freeColumns(a, slot(0), 1, 1, 0, true);
  assert.equal(a.state.pools.owners[1], QUARANTINED_PAGE);
  assert.equal(a.state.fence.waiting, 1);
  assert.deepEqual(rowsOf(a, 0)[0].slice(0, 2), [-1, -1]);
  assert.deepEqual(a.draftTable?.ids, a.table.ids);
});
