import assert from "node:assert/strict";
import { createBlockTable, HOLE, type Layout } from "../../allocator/mod.ts";
import type { GroupRows } from "../../kernel/mod.ts";
import { followTable } from "./table_changes.ts";

function stepOf(layout: Layout) {
  const table = createBlockTable({ layout, layerGroups: 2, slots: 2, kvHeads: 2, columns: 4 });
  const rows = { queryLengths: Int32Array.of(1, 0), cachedLengths: Int32Array.of(20, 9) };
  const step: GroupRows = { table, group: 1, ...rows };
  const sent = followTable(table, { pageSizeTokens: 16 });
  const changes = (): number[] => {
    const found: number[] = [];
    sent.addChanges(step, found);
    return found;
  };
  return { table, rows, sent, changes };
}

Deno.test("only entries that the step's group reads are changes", () => {
  const { table, changes } = stepOf("headwise");
  assert.deepEqual(changes(), []);
  const first = (1 * 2 + 0) * 2 * 4; // group 1, slot 0, head 0
  table.ids[first] = 5;
  table.ids[first + 1] = 6;
  table.ids[first + 2] = 7; // past the 21 tokens of the row
  table.ids[first + 8] = 8; // slot 1 is idle
  table.ids[0] = 9; // group 0
  assert.deepEqual(changes(), [first, 5, first + 1, 6]);
  assert.deepEqual(changes(), []);
});

Deno.test("a row that grows a page, or is another request's, is looked at again", () => {
  const { table, rows, changes } = stepOf("uniform");
  table.ids.set([1, 2, 3, 4]);
  assert.deepEqual(changes(), [0, 1, 1, 2]);
  rows.cachedLengths[0] = 31;
  assert.deepEqual(changes(), []);
  rows.cachedLengths[0] = 32;
  table.ids[0] = HOLE; // recycled where the page ended
  assert.deepEqual(changes(), [0, HOLE, 2, 3]);
  table.ids.set([8, 9, 7]); // another request of the same length
  assert.deepEqual(changes(), [0, 8, 1, 9, 2, 7]);
});

Deno.test("changes bring a copy to where the table is", () => {
  const { table, sent, changes } = stepOf("pooled");
  for (let index = 0; index < table.ids.length; index++) table.ids[index] = index;
  changes();
  for (let index = 16; index < 24; index++) {
    assert.equal(sent.ids[index], index % 4 < 2 ? index : HOLE);
  }
});
