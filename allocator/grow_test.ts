import assert from "node:assert/strict";
import { buildAllocator, rowsOf, slot, snapshot } from "./builders_test.ts";
import { AllocatorError, describeOutcome } from "./mod.ts";
import { admit, extend, needsPages, release } from "./mod.ts";
import { findObstacle } from "./grow.ts";

Deno.test("admit() and extend() give every head its own pool's least pages when local", () => {
  const a = buildAllocator();
  assert.deepEqual(admit(a, slot(0), 33), { kind: "allocated", pages: 6 });
  assert.deepEqual(admit(a, slot(1), 16), { kind: "allocated", pages: 2 });
  assert.deepEqual(extend(a, slot(0), 49), { kind: "allocated", pages: 2 });
  assert.deepEqual(rowsOf(a, 0), [[0, 1, 2, 4, -1, -1], [0, 1, 2, 4, -1, -1]]);
  assert.deepEqual(rowsOf(a, 1), [[3, -1, -1, -1, -1, -1], [3, -1, -1, -1, -1, -1]]);
});

Deno.test("admit() takes head-major from the one pool and shares no id when pooled", () => {
  const a = buildAllocator({ layout: "pooled", kinds: [["window", "full"], ["full", "full"]] });
  admit(a, slot(0), 32);
  admit(a, slot(1), 16);
  assert.deepEqual(rowsOf(a, 0).map((row) => row.slice(0, 3)), [
    [0, 1, -1],
    [2, 3, -1],
    [4, 5, -1],
    [6, 7, -1],
  ]);
  assert.deepEqual(rowsOf(a, 1).map((row) => row[0]), [8, 9, 10, 11]);
});

Deno.test("admit() takes one row for all heads and groups when uniform", () => {
  const a = buildAllocator({ layout: "uniform", kinds: [["window", "full"], ["full", "full"]] });
  assert.deepEqual(admit(a, slot(1), 33), { kind: "allocated", pages: 3 });
  assert.deepEqual([...a.table.ids], [-1, -1, -1, -1, -1, -1, 0, 1, 2, -1, -1, -1]);
});

Deno.test("admit() lays groups out one after another", () => {
  const a = buildAllocator({
    kinds: [["window", "full"], ["full", "full"]],
    modelLengthTokens: 32,
  });
  admit(a, slot(1), 16);
  assert.deepEqual(
    [...a.table.ids],
    [-1, -1, -1, -1, 0, -1, 0, -1, -1, -1, -1, -1, 0, -1, 0, -1],
  );
});

Deno.test("extend() takes pages only when a boundary is crossed", () => {
  const a = buildAllocator();
  admit(a, slot(0), 0);
  const taken: number[] = [];
  for (let length = 1; length <= 49; length++) {
    const needs = needsPages(a, slot(0), length);
    const outcome = extend(a, slot(0), length);
    assert.ok(outcome.kind === "allocated");
    assert.equal(outcome.pages > 0, needs);
    if (needs) taken.push(length);
  }
  assert.deepEqual(taken, [1, 17, 33, 49]);
});

Deno.test("extend() takes pages ahead when asked, never past the model's length", () => {
  const a = buildAllocator({ preallocatedPages: 2, columns: 10 });
  admit(a, slot(0), 16, { preallocate: true });
  assert.deepEqual(rowsOf(a, 0)[0].slice(0, 4), [0, 1, 2, -1]);
  assert.deepEqual(extend(a, slot(0), 48, { preallocate: true }), { kind: "allocated", pages: 0 });
  assert.deepEqual(extend(a, slot(0), 65, { preallocate: true }), { kind: "allocated", pages: 6 });
  assert.deepEqual(rowsOf(a, 0)[0], [0, 1, 2, 3, 4, 5, -1, -1, -1, -1]);
});

Deno.test("extend() refuses past M and past the model's length before any pool changes", () => {
  const byModel = buildAllocator({ modelLengthTokens: 40 });
  admit(byModel, slot(0), 40);
  const before = snapshot(byModel);
  assert.deepEqual(extend(byModel, slot(0), 41), {
    kind: "refused",
    reason: "past-model-length",
    lengthTokens: 41,
    limitTokens: 40,
  });
  assert.deepEqual(snapshot(byModel), before);

  const byColumns = buildAllocator({ columns: 3 });
  admit(byColumns, slot(0), 48);
  const held = snapshot(byColumns);
  assert.deepEqual(extend(byColumns, slot(0), 49), {
    kind: "refused",
    reason: "past-columns",
    lengthTokens: 49,
    limitTokens: 48,
  });
  assert.deepEqual(snapshot(byColumns), held);
});

Deno.test("admit() and extend() are met whole or refused whole in every layout", () => {
  const table = [
    ["headwise", { layout: "headwise", group: 0, head: 0, need: 3, free: 2, capacity: 8 }],
    ["pooled", { layout: "pooled", group: 0, head: null, need: 6, free: 4, capacity: 16 }],
    ["uniform", { layout: "uniform", group: 0, head: null, need: 3, free: 2, capacity: 8 }],
  ] as const;
  for (const [layout, shortage] of table) {
    const a = buildAllocator({ layout });
    admit(a, slot(0), 96);
    const before = snapshot(a);
    assert.deepEqual(admit(a, slot(1), 48), { kind: "shortage", shortage });
    assert.deepEqual(snapshot(a), before);
    assert.equal(admit(a, slot(1), 32).kind, "allocated");
    assert.equal(extend(a, slot(1), 33).kind, "shortage");
    assert.deepEqual(rowsOf(a, 1)[0].filter((id) => id >= 0).length, 2);
  }
});

Deno.test("extend() names the head whose pool is short when heads differ", () => {
  const a = buildAllocator({ pagesPerHead: 4, slots: 1 });
  admit(a, slot(0), 48);
  // One page of head 1 goes missing, as if another request held it.
  a.state.pools.freeCounts[1] = 0;
  const obstacle = findObstacle(a, slot(0), 64);
  assert.deepEqual(obstacle, {
    kind: "shortage",
    shortage: { layout: "headwise", group: 0, head: 1, need: 1, free: 0, capacity: 4 },
  });
  assert.match(
    describeOutcome(obstacle ?? { kind: "allocated", pages: 0 }),
    /group 0, head 1: need 1, free 0, capacity 4/,
  );
});

Deno.test("extend() records a lesser length and keeps the pages", () => {
  const a = buildAllocator();
  admit(a, slot(0), 40);
  assert.deepEqual(extend(a, slot(0), 30), { kind: "allocated", pages: 0 });
  assert.equal(a.state.lengthsTokens[0], 30);
  assert.deepEqual(rowsOf(a, 0)[1].slice(0, 4), [0, 1, 2, -1]);
});

Deno.test("admit() leaves no stale tail when a shorter request reuses a slot", () => {
  const a = buildAllocator();
  admit(a, slot(0), 96);
  release(a, slot(0));
  admit(a, slot(0), 16);
  assert.deepEqual(rowsOf(a, 0), [[0, -1, -1, -1, -1, -1], [0, -1, -1, -1, -1, -1]]);
});

Deno.test("admit() and extend() refuse by code when the slot or the length is wrong", () => {
  const a = buildAllocator();
  const codes: string[] = [];
  const attempt = (act: () => unknown): void => {
    const before = snapshot(a);
    assert.throws(act, (error) => {
      assert.ok(error instanceof AllocatorError);
      codes.push(error.code);
      return true;
    });
    assert.deepEqual(snapshot(a), before);
  };
  admit(a, slot(0), 16);
  attempt(() => admit(a, slot(0), 16));
  attempt(() => admit(a, slot(2), 16));
  attempt(() => extend(a, slot(1), 16));
  attempt(() => extend(a, slot(-1), 16));
  attempt(() => admit(a, slot(1), -1));
  attempt(() => extend(a, slot(0), 16.5));
  attempt(() => extend(a, slot(0), NaN));
  assert.deepEqual(codes, [
    "slot/occupied",
    "slot/occupied",
    "slot/empty",
    "slot/empty",
    "length/invalid",
    "length/invalid",
    "length/invalid",
  ]);
});

Deno.test("shuffled pools make the decisions that identity pools make", () => {
  const plain = buildAllocator();
  const shuffled = buildAllocator({ pageOrder: { kind: "shuffled", seed: 3 } });
  for (const a of [plain, shuffled]) {
    admit(a, slot(0), 40);
    admit(a, slot(1), 20);
    release(a, slot(0));
    admit(a, slot(0), 90);
  }
  const { ordinalOfId } = shuffled.state.pools;
  assert.ok(ordinalOfId !== null);
  for (let index = 0; index < 2; index++) {
    const ordinals: number[][] = rowsOf(shuffled, index).map((row, pool) =>
      row.map((id) => id < 0 ? id : ordinalOfId[pool * 8 + id])
    );
    assert.deepEqual(ordinals, rowsOf(plain, index));
  }
  assert.notDeepEqual(rowsOf(shuffled, 0)[0], rowsOf(shuffled, 0)[1]);
});
