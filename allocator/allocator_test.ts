import assert from "node:assert/strict";
import { buildAllocator, slot } from "./builders_test.ts";
import { AllocatorError, checkActiveSlot, validateAllocator } from "./mod.ts";

Deno.test("createAllocator() makes as many pools as the layout has id spaces", () => {
  const kinds = [["window", "full"], ["full", "full"], ["window", "window"]] as const;
  const table = [
    ["headwise", 6, 8, 12],
    ["pooled", 1, 48, 12],
    ["uniform", 1, 8, 2],
  ] as const;
  for (const [layout, pools, pagesPerPool, rows] of table) {
    const a = buildAllocator({ layout, kinds });
    assert.deepEqual([a.state.pools.pools, a.state.pools.pagesPerPool], [pools, pagesPerPool]);
    assert.equal(a.table.ids.length, rows * 6);
    assert.ok(a.table.ids.every((id) => id === -1));
    assert.deepEqual(validateAllocator(a), []);
  }
});

Deno.test("createAllocator() keeps a draft table only when asked", () => {
  assert.equal(buildAllocator().draftTable, null);
  const a = buildAllocator({ draftTables: true });
  assert.deepEqual(a.draftTable, a.table);
  assert.notEqual(a.draftTable?.ids, a.table.ids);
});

Deno.test("checkActiveSlot() refuses slots that hold no request or do not exist", () => {
  const a = buildAllocator();
  for (const index of [0, 2, -1, 0.5]) {
    assert.throws(
      () => checkActiveSlot(a, slot(index)),
      (error) => error instanceof AllocatorError && error.code === "slot/empty",
    );
  }
});
