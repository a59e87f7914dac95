import assert from "node:assert/strict";
import fc from "fast-check";
import { buildAllocator, place, rowsOf, slot, snapshot } from "./builders_test.ts";
import { AllocatorError, PageError } from "./mod.ts";
import { admit, extend, heldPages, recycle, release } from "./mod.ts";

const P = 16;

// The mask itself: is any key of the page visible to any query at nextPosition or later?
function pageIsSeen(
  page: number,
  o: { windowTokens: number; sinkTokens: number; nextPosition: number },
): boolean {
  for (let k = page * P; k < (page + 1) * P; k++) {
    for (let p = o.nextPosition; p < o.nextPosition + o.windowTokens + 2 * P; p++) {
      if (k <= p && (k > p - o.windowTokens || k < o.sinkTokens)) return true;
    }
    if (k >= o.nextPosition) return true;
  }
  return false;
}

Deno.test("recycle() frees exactly the pages that every future query's mask hides", () => {
  for (const windowTokens of [1, 2, 15, 16, 17, 31, 32, 33, 48, 100]) {
    for (const sinkTokens of [0, 1, 15, 16, 17, 40]) {
      for (const nextPosition of [0, 15, 16, 17, 31, 32, 47, 48, 63, 64, 95, 96]) {
        const a = buildAllocator({ windowTokens, sinkTokens });
        admit(a, slot(0), 96);
        const freed = recycle(a, slot(0), { nextPositionTokens: nextPosition, lengthTokens: 96 });
        const o = { windowTokens, sinkTokens, nextPosition };
        const expected = Array.from({ length: 6 }, (_, page) => pageIsSeen(page, o) ? page : -1);
        const [windowRow, fullRow] = rowsOf(a, 0);
        assert.deepEqual(windowRow, expected, JSON.stringify(o));
        assert.deepEqual(fullRow, [0, 1, 2, 3, 4, 5]);
        assert.equal(freed, expected.filter((id) => id < 0).length);
      }
    }
  }
});

Deno.test("recycle() acts only when the total length is a multiple of P", () => {
  const a = buildAllocator();
  admit(a, slot(0), 64);
  for (let lengthTokens = 49; lengthTokens < 64; lengthTokens++) {
    assert.equal(recycle(a, slot(0), { nextPositionTokens: lengthTokens, lengthTokens }), 0);
  }
  assert.equal(recycle(a, slot(0), { nextPositionTokens: 64, lengthTokens: 64 }), 3);
});

Deno.test("recycle() looks back from the earliest position still to compute", () => {
  const a = buildAllocator();
  admit(a, slot(0), 64);
  assert.equal(recycle(a, slot(0), { nextPositionTokens: 40, lengthTokens: 64 }), 1);
  assert.equal(recycle(a, slot(0), { nextPositionTokens: 40, lengthTokens: 64 }), 0);
  assert.equal(recycle(a, slot(0), { nextPositionTokens: 64, lengthTokens: 64 }), 2);
  assert.deepEqual(rowsOf(a, 0)[0].slice(0, 5), [-1, -1, -1, 3, -1]);
});

Deno.test("recycle() hands a freed page of a window head to the next in that head only", () => {
  const a = buildAllocator({ pagesPerHead: 6 });
  admit(a, slot(0), 64);
  recycle(a, slot(0), { nextPositionTokens: 64, lengthTokens: 64 });
  admit(a, slot(1), 32);
  assert.deepEqual(rowsOf(a, 1).map((row) => row.slice(0, 2)), [[0, 1], [4, 5]]);
  // The window head has pages left, but the full head of the same request has none.
  const outcome = extend(a, slot(1), 33);
  assert.ok(outcome.kind === "shortage");
  assert.deepEqual([outcome.shortage.head, outcome.shortage.free], [1, 0]);
});

Deno.test("recycle() serves any head when the pool is flat", () => {
  const a = buildAllocator({ layout: "pooled", pagesPerHead: 4 });
  admit(a, slot(0), 64);
  recycle(a, slot(0), { nextPositionTokens: 64, lengthTokens: 64 });
  admit(a, slot(1), 16);
  assert.deepEqual(rowsOf(a, 1).map((row) => row[0]), [0, 1]);
});

Deno.test("recycle() frees nothing when off, without a window, or without window heads", () => {
  const variants = [
    buildAllocator({ recycle: false }),
    buildAllocator({ windowTokens: 0 }),
    buildAllocator({ kinds: [["full", "full"]] }),
    buildAllocator({ layout: "uniform" }),
  ];
  for (const a of variants) {
    admit(a, slot(0), 96);
    const before = snapshot(a);
    assert.equal(recycle(a, slot(0), { nextPositionTokens: 96, lengthTokens: 96 }), 0);
    assert.deepEqual(snapshot(a), before);
  }
});

Deno.test("recycle() frees uniform pages when every head keeps a window", () => {
  const a = buildAllocator({ layout: "uniform", kinds: [["window", "window"]] });
  admit(a, slot(0), 96);
  assert.equal(recycle(a, slot(0), { nextPositionTokens: 96, lengthTokens: 96 }), 5);
  assert.deepEqual(rowsOf(a, 0), [[-1, -1, -1, -1, -1, 5]]);
});

Deno.test("recycle() keeps the draft table alike", () => {
  const a = buildAllocator({ draftTables: true });
  admit(a, slot(0), 96);
  recycle(a, slot(0), { nextPositionTokens: 96, lengthTokens: 96 });
  release(a, slot(0));
  assert.deepEqual(a.draftTable?.ids, a.table.ids);
});

Deno.test("recycle() refuses positions that cannot be and an empty slot", () => {
  const a = buildAllocator();
  admit(a, slot(0), 32);
  const points = [[33, 32], [-1, 32], [0.5, 32], [48, 48], [0, NaN]];
  for (const [nextPositionTokens, lengthTokens] of points) {
    assert.throws(
      () => recycle(a, slot(0), { nextPositionTokens, lengthTokens }),
      (error) => error instanceof AllocatorError && error.code === "position/invalid",
    );
  }
  assert.throws(
    () => recycle(a, slot(1), { nextPositionTokens: 0, lengthTokens: 0 }),
    (error) => error instanceof AllocatorError && error.code === "slot/empty",
  );
});

Deno.test("recycle() changes nothing when the table names a foreign page in its last row", () => {
  const a = buildAllocator({ kinds: [["window", "window"]], debug: false });
  admit(a, slot(0), 48);
  admit(a, slot(1), 16);
  a.table.ids[6] = 3;
  const before = snapshot(a);
  const point = { nextPositionTokens: 48, lengthTokens: 48 };
  assert.throws(
    () => recycle(a, slot(0), point),
    (error) => error instanceof PageError && error.code === "page/foreign",
  );
  assert.deepEqual(snapshot(a), before);
});

Deno.test("extend() refuses to shrink to where recycled pages would be seen again", () => {
  const a = buildAllocator();
  admit(a, slot(0), 64);
  recycle(a, slot(0), { nextPositionTokens: 64, lengthTokens: 64 });
  // Pages [0, 48) are gone: position 64 sees keys from 48 on, position 63 would see key 47.
  assert.equal(extend(a, slot(0), 64).kind, "allocated");
  const before = snapshot(a);
  assert.deepEqual(extend(a, slot(0), 63), {
    kind: "refused",
    reason: "below-recycled",
    lengthTokens: 63,
    limitTokens: 64,
  });
  assert.deepEqual(snapshot(a), before);
});

Deno.test("recycle() keeps decoding within ceil((W−1)/P) + 1 pages and the sink pages", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 90 }),
      fc.integer({ min: 0, max: 40 }),
      (windowTokens, sinkTokens) => {
        const a = buildAllocator({
          windowTokens,
          sinkTokens,
          modelLengthTokens: 400,
          pagesPerHead: 25,
          slots: 1,
          debug: false,
        });
        admit(a, slot(0), 1);
        let most = 0;
        for (let length = 2; length <= 400; length++) {
          const written = { nextPositionTokens: length - 1, lengthTokens: length - 1 };
          recycle(a, slot(0), written);
          extend(a, slot(0), length);
          most = Math.max(most, heldPages(a, slot(0), place(0)));
        }
        const window = Math.ceil((windowTokens - 1) / P) + 1;
        const sinks = Math.ceil(sinkTokens / P);
        assert.ok(most <= window + sinks);
        assert.equal(heldPages(a, slot(0), place(1)), 25);
      },
    ),
    { numRuns: 60 },
  );
});
