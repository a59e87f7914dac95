import assert from "node:assert/strict";
import fc from "fast-check";
import { buildAllocator, rowsOf, slot, snapshot } from "./builders_test.ts";
import { AllocatorError, type CacheAllocator } from "./mod.ts";
import {
  admit,
  condenseSlots,
  extend,
  listActiveSlots,
  recycle,
  release,
  reorderSlots,
  slotLengthTokens,
  swapSlots,
} from "./mod.ts";

const EMPTY = [-1, -1, -1, -1, -1, -1];

function buildThree(): CacheAllocator {
  const a = buildAllocator({
    slots: 3,
    draftTables: true,
    kinds: [["window", "full"], ["full", "full"]],
  });
  admit(a, slot(0), 48);
  admit(a, slot(2), 16);
  recycle(a, slot(0), { nextPositionTokens: 48, lengthTokens: 48 });
  return a;
}

Deno.test("swapSlots() swaps the rows of every head and group in both tables", () => {
  const a = buildThree();
  const [first, second] = [rowsOf(a, 0), rowsOf(a, 2)];
  swapSlots(a, slot(0), slot(2));
  assert.deepEqual(rowsOf(a, 0), second);
  assert.deepEqual(rowsOf(a, 2), first);
  assert.deepEqual(a.draftTable?.ids, a.table.ids);
  assert.deepEqual([0, 1, 2].map((index) => slotLengthTokens(a, slot(index))), [16, 0, 48]);
});

Deno.test("swapSlots() moves the whole request, so that it continues where it was", () => {
  const a = buildThree();
  swapSlots(a, slot(0), slot(1));
  assert.equal(extend(a, slot(1), 64).kind, "allocated");
  recycle(a, slot(1), { nextPositionTokens: 64, lengthTokens: 64 });
  assert.equal(rowsOf(a, 1)[0].indexOf(-1, 3), 4);
  assert.equal(release(a, slot(1)), 1 + 3 * 4);
  assert.equal(release(a, slot(2)), 4);
  assert.ok(a.table.ids.every((id) => id === -1));
});

Deno.test("swapSlots() changes nothing when the slots are equal and refuses others by code", () => {
  const a = buildThree();
  const before = snapshot(a);
  swapSlots(a, slot(2), slot(2));
  assert.deepEqual(snapshot(a), before);
  for (const [i, j] of [[0, 3], [-1, 0], [0.5, 0]]) {
    assert.throws(
      () => swapSlots(a, slot(i), slot(j)),
      (error) => error instanceof AllocatorError && error.code === "slot/order",
    );
  }
  assert.deepEqual(snapshot(a), before);
});

Deno.test("condenseSlots() moves whole row groups to the front and leaves holes behind", () => {
  const a = buildAllocator({ slots: 5, draftTables: true, pagesPerHead: 16 });
  for (const index of [1, 3, 4]) admit(a, slot(index), 16 * index);
  const rows = [1, 3, 4].map((index) => rowsOf(a, index));
  const moves = new Int32Array(10);
  assert.equal(condenseSlots(a, { moves }), 2);
  assert.deepEqual([...moves.slice(0, 4)], [4, 0, 3, 2]);
  assert.deepEqual([rowsOf(a, 0), rowsOf(a, 1), rowsOf(a, 2)], [rows[2], rows[0], rows[1]]);
  assert.deepEqual([rowsOf(a, 3), rowsOf(a, 4)], [[EMPTY, EMPTY], [EMPTY, EMPTY]]);
  assert.deepEqual(a.draftTable?.ids, a.table.ids);
});

Deno.test("condenseSlots() does nothing when no request lies behind an empty slot", () => {
  const a = buildAllocator();
  assert.equal(condenseSlots(a), 0);
  admit(a, slot(0), 16);
  assert.equal(condenseSlots(a), 0);
  admit(a, slot(1), 16);
  assert.equal(condenseSlots(a), 0);
  assert.throws(() => condenseSlots(a, { moves: new Int32Array(3) }), AllocatorError);
});

Deno.test("reorderSlots() puts what slot permutation[k] held into slot k", () => {
  fc.assert(fc.property(
    fc.uniqueArray(fc.integer({ min: 0, max: 4 }), { minLength: 5, maxLength: 5 }),
    fc.array(fc.integer({ min: 0, max: 48 }), { minLength: 5, maxLength: 5 }),
    (permutation, lengths) => {
      const a = buildAllocator({ slots: 5, draftTables: true, pagesPerHead: 16 });
      lengths.forEach((length, index) => {
        if (length > 0) admit(a, slot(index), length);
      });
      const before = lengths.map((_, index) => rowsOf(a, index));
      reorderSlots(a, Int32Array.from(permutation));
      assert.deepEqual(
        lengths.map((_, index) => rowsOf(a, index)),
        permutation.map((from) => before[from]),
      );
      assert.deepEqual(
        lengths.map((_, index) => slotLengthTokens(a, slot(index))),
        permutation.map((from) => lengths[from]),
      );
    },
  ));
});

Deno.test("reorderSlots() refuses what is no permutation and changes nothing", () => {
  const a = buildThree();
  const before = structuredClone([a.table.ids, a.state.handles, a.state.lengthsTokens]);
  for (const bad of [[0, 1], [0, 1, 1], [0, 1, 3], [0, 1, -1], [0, 1, 2, 2]]) {
    assert.throws(
      () => reorderSlots(a, Int32Array.from(bad)),
      (error) => error instanceof AllocatorError && error.code === "slot/order",
    );
  }
  assert.deepEqual([a.table.ids, a.state.handles, a.state.lengthsTokens], before);
});

Deno.test("listActiveSlots() starts from empty, so that nothing stale survives", () => {
  const a = buildThree();
  const list = new Int32Array(3).fill(9);
  assert.equal(listActiveSlots(a, list), 2);
  assert.deepEqual([...list], [0, 2, -1]);
  release(a, slot(2));
  assert.equal(listActiveSlots(a, list), 1);
  assert.deepEqual([...list], [0, -1, -1]);
  assert.throws(() => listActiveSlots(a, new Int32Array(2)), AllocatorError);
});
