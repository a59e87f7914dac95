import assert from "node:assert/strict";
import {
  createBlockTable,
  identityTable,
  type Layout,
  rowOffset,
  TableError,
  tableRows,
} from "./block_table.ts";
import type { Head, LayerGroup, Slot } from "./ids.ts";

const SHAPE = { layerGroups: 2, slots: 3, kvHeads: 4, columns: 5 };

Deno.test("rowOffset() numbers rows (g·B + b)·H + h and meets each row once", () => {
  const table = createBlockTable({ layout: "headwise", ...SHAPE });
  const offsets: number[] = [];
  for (let group = 0; group < 2; group++) {
    for (let slot = 0; slot < 3; slot++) {
      for (let head = 0; head < 4; head++) {
        offsets.push(rowOffset(table, group as LayerGroup, slot as Slot, head as Head));
      }
    }
  }
  assert.deepEqual(offsets, Array.from({ length: 24 }, (_, row) => row * 5));
});

Deno.test("rowOffset() gives one row per slot when the layout is uniform", () => {
  const table = createBlockTable({ layout: "uniform", ...SHAPE });
  assert.equal(table.ids.length, 15);
  assert.equal(rowOffset(table, 1 as LayerGroup, 2 as Slot, 3 as Head), 10);
});

Deno.test("rowOffset() refuses a row that the table does not have", () => {
  const table = createBlockTable({ layout: "pooled", ...SHAPE });
  for (const [group, slot, head] of [[2, 0, 0], [0, 3, 0], [0, 0, 4], [-1, 0, 0], [0, -1, 0]]) {
    assert.throws(
      () => rowOffset(table, group as LayerGroup, slot as Slot, head as Head),
      (error) => error instanceof TableError && error.code === "table/index",
    );
  }
});

Deno.test("createBlockTable() refuses a dimension when it is no positive integer", () => {
  for (const name of ["layerGroups", "slots", "kvHeads", "columns"]) {
    for (const value of [0, -1, 1.5, NaN]) {
      assert.throws(
        () => createBlockTable({ layout: "headwise", ...SHAPE, [name]: value }),
        (error) => error instanceof TableError && error.code === "table/dimension",
      );
    }
  }
  assert.throws(() => createBlockTable({ layout: "flat" as Layout, ...SHAPE }), TableError);
});

Deno.test("identityTable() gives base slot·pages for every head when ids are local", () => {
  for (const layout of ["headwise", "uniform"] as const) {
    const table = identityTable({ layout, ...SHAPE }, 2);
    for (let row = 0; row < tableRows(table); row++) {
      const slot = layout === "uniform" ? row : Math.floor(row / 4) % 3;
      assert.deepEqual(
        [...table.ids.slice(row * 5, row * 5 + 5)],
        [slot * 2, slot * 2 + 1, -1, -1, -1],
      );
    }
  }
});

Deno.test("identityTable() shares no id between rows when ids are flat", () => {
  const table = identityTable({ layout: "pooled", ...SHAPE }, 2);
  const ids = [...table.ids].filter((id) => id >= 0).sort((a, b) => a - b);
  assert.deepEqual(ids, Array.from({ length: 2 * 3 * 4 * 2 }, (_, i) => i));
});

Deno.test("identityTable() refuses a page count when it does not fit the row", () => {
  for (const pages of [0, 6, 1.5]) {
    assert.throws(() => identityTable({ layout: "headwise", ...SHAPE }, pages), TableError);
  }
});
