import assert from "node:assert/strict";
import { buildAllocator, rowsOf, slot, snapshot } from "./builders_test.ts";
import { AllocatorError, PageError } from "./mod.ts";
import { admit, beginStep, freePages, recycle, release } from "./mod.ts";

Deno.test("release() returns exactly the ids ≥ 0 of every head when pages were recycled", () => {
  for (const layout of ["headwise", "pooled", "uniform"] as const) {
    const a = buildAllocator({ layout, draftTables: true });
    const all = freePages(a);
    admit(a, slot(0), 96);
    admit(a, slot(1), 20);
    const recycled = recycle(a, slot(0), { nextPositionTokens: 96, lengthTokens: 96 });
    const named = rowsOf(a, 0).flat().filter((id) => id >= 0).length;
    assert.equal(release(a, slot(0)), named);
    assert.equal(named + recycled, layout === "uniform" ? 6 : 12);
    assert.ok(rowsOf(a, 0).flat().every((id) => id === -1));
    assert.equal(a.state.lengthsTokens[0], 0);
    release(a, slot(1));
    assert.equal(freePages(a), all);
  }
});

Deno.test("release() refuses a slot that was released already and changes nothing", () => {
  const a = buildAllocator();
  admit(a, slot(0), 96);
  release(a, slot(0));
  const before = snapshot(a);
  assert.throws(
    () => release(a, slot(0)),
    (error) => error instanceof AllocatorError && error.code === "slot/empty",
  );
  assert.deepEqual(snapshot(a), before);
});

Deno.test("release() changes nothing when a row was tampered with", () => {
  const tamperings: readonly (readonly [number, number, string])[] = [
    // entry, value, code: a foreign page, an id out of the pool, a lost page, a page named twice
    [6, 3, "page/foreign"],
    [6, 8, "page/foreign"],
    [6, -2, "page/foreign"],
    [6, -1, "page/missing"],
    [6, 1, "page/double-free"],
    [6, 7, "page/double-free"],
  ];
  for (const [entry, value, code] of tamperings) {
    const a = buildAllocator({ debug: false });
    admit(a, slot(0), 48);
    admit(a, slot(1), 16);
    a.table.ids[entry] = value;
    const before = snapshot(a);
    assert.throws(
      () => release(a, slot(0)),
      (error) => error instanceof PageError && error.code === code,
      `entry ${entry} = ${value}`,
    );
    assert.deepEqual(snapshot(a), before);
  }
});

Deno.test("release() refuses pages that wait already when they are named again", () => {
  const a = buildAllocator({ debug: false });
  admit(a, slot(0), 16);
  admit(a, slot(1), 16);
  beginStep(a);
  release(a, slot(0));
  a.table.ids[12] = 0;
  assert.throws(
    () => release(a, slot(1)),
    (error) => error instanceof PageError && error.code === "page/double-free",
  );
});
