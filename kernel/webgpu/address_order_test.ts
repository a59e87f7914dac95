import assert from "node:assert/strict";
import fc from "fast-check";
import { createBlockTable } from "../../allocator/mod.ts";
import { createAddressOrder, orderByAddress } from "./address_order.ts";

const SHAPE = { layout: "headwise", layerGroups: 2, slots: 2, kvHeads: 2, columns: 6 } as const;
const OPTIONS = { headWindows: Int32Array.of(0, 9), pageSizeTokens: 4 };

function rowOf(ids: Int32Array, group: number, slot: number, head: number): number[] {
  const row = (group * SHAPE.slots + slot) * SHAPE.kvHeads + head;
  return [...ids.subarray(row * SHAPE.columns, (row + 1) * SHAPE.columns)];
}

Deno.test("orderByAddress() moves full pages of heads without a window, and no others", () => {
  const table = createBlockTable(SHAPE);
  table.ids.set([9, 3, 7, 1, 5, -1], 4 * SHAPE.columns);
  table.ids.set([8, 2, 6, 0, 4, -1], 5 * SHAPE.columns);
  const batch = {
    table,
    group: 1,
    queryLengths: Int32Array.of(2, 0),
    cachedLengths: Int32Array.of(15, 0),
  };
  const ids = orderByAddress(createAddressOrder(), batch, OPTIONS);
  // Of 15 tokens three pages are full; the step writes into the fourth.
  assert.deepEqual(rowOf(ids, 1, 0, 0), [3, 7, 9, 1, 5, -1]);
  assert.deepEqual(rowOf(ids, 1, 0, 1), [8, 2, 6, 0, 4, -1]);
});

Deno.test("orderByAddress() leaves a row alone that heads with windows share", () => {
  const table = createBlockTable({ ...SHAPE, layout: "uniform" });
  table.ids.set([9, 3, 7, 1, 5, 0]);
  const batch = {
    table,
    group: 0,
    queryLengths: Int32Array.of(1, 0),
    cachedLengths: Int32Array.of(23, 0),
  };
  const ordered = (headWindows: Int32Array): number[] => [
    ...orderByAddress(createAddressOrder(), batch, { ...OPTIONS, headWindows }).subarray(0, 6),
  ];
  assert.deepEqual(ordered(Int32Array.of(0, 9)), [9, 3, 7, 1, 5, 0]);
  assert.deepEqual(ordered(Int32Array.of(0, 0)), [1, 3, 5, 7, 9, 0]);
});

Deno.test("orderByAddress() gives after any steps what it gives from nothing", () => {
  const step = fc.record({
    cached: fc.integer({ min: 0, max: 23 }),
    group: fc.constantFrom(0, 1),
    changes: fc.array(fc.tuple(fc.integer({ min: 0, max: 47 }), fc.integer({ min: -1, max: 99 })), {
      maxLength: 4,
    }),
  });
  fc.assert(fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
    const kept = createAddressOrder();
    const table = createBlockTable(SHAPE);
    for (const { cached, group, changes } of steps) {
      for (const [at, id] of changes) table.ids[at] = id;
      const batch = {
        table,
        group,
        queryLengths: Int32Array.of(1, 1),
        cachedLengths: Int32Array.of(cached, 23 - cached),
      };
      const grown = orderByAddress(kept, batch, OPTIONS);
      const fresh = orderByAddress(createAddressOrder(), batch, OPTIONS);
      for (const slot of [0, 1]) {
        for (const head of [0, 1]) {
          assert.deepEqual(rowOf(grown, group, slot, head), rowOf(fresh, group, slot, head));
        }
      }
    }
  }));
});
