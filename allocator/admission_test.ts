import assert from "node:assert/strict";
import fc from "fast-check";
import { buildAllocator, place, slot } from "./builders_test.ts";
import { AllocatorError, type CacheAllocator } from "./mod.ts";
import {
  admit,
  canAdmit,
  canEverAdmit,
  extend,
  heldPages,
  pagesForLength,
  recycle,
  release,
} from "./mod.ts";

function buildLarge(windowTokens: number, sinkTokens = 0, recycling = true): CacheAllocator {
  return buildAllocator({
    windowTokens,
    sinkTokens,
    pageSizeTokens: 64,
    pagesPerHead: 1024,
    modelLengthTokens: 32768,
    recycle: recycling,
    preallocatedPages: 0,
  });
}

Deno.test("pagesForLength() counts window heads by ceil((W−1)/P) + 1 and the sink pages", () => {
  const table = [
    [128, 0, 3],
    [512, 0, 9],
    [1024, 0, 17],
    [4096, 0, 65],
    [4096, 64, 66],
    [4096, 65, 67],
    [1, 0, 1],
    [2, 0, 2],
    [65, 0, 2],
    [66, 0, 3],
  ] as const;
  for (const [windowTokens, sinkTokens, windowHeadPages] of table) {
    assert.deepEqual(
      pagesForLength(buildLarge(windowTokens, sinkTokens), { lengthTokens: 32768 }),
      { fullHeadPages: 512, windowHeadPages, totalPages: 512 + windowHeadPages },
    );
  }
});

Deno.test("pagesForLength() adds the chunk being written and the preallocation", () => {
  const a = buildLarge(512);
  const count = (stepTokens: number): number =>
    pagesForLength(a, { lengthTokens: 32768, stepTokens }).windowHeadPages;
  assert.deepEqual([0, 1, 2, 64, 67, 8192].map(count), [9, 9, 9, 10, 11, 137]);
  const ahead = buildAllocator({ ...a.options, preallocatedPages: 3 });
  assert.equal(pagesForLength(ahead, { lengthTokens: 32768 }).windowHeadPages, 12);
});

Deno.test("pagesForLength() never counts more for a window head than for a full one", () => {
  for (const lengthTokens of [0, 1, 64, 65, 512]) {
    const demand = pagesForLength(buildLarge(512, 64), { lengthTokens });
    assert.equal(demand.windowHeadPages, demand.fullHeadPages);
  }
  assert.equal(
    pagesForLength(buildLarge(128, 0, false), { lengthTokens: 32768 }).windowHeadPages,
    512,
  );
});

Deno.test("pagesForLength() counts uniform pages once, as full unless all heads keep a window", () => {
  const mixed = buildAllocator({ layout: "uniform" });
  assert.equal(pagesForLength(mixed, { lengthTokens: 96 }).totalPages, 6);
  const windows = buildAllocator({
    layout: "uniform",
    kinds: [["window", "window"]],
    preallocatedPages: 0,
  });
  assert.equal(pagesForLength(windows, { lengthTokens: 96 }).totalPages, 2);
});

Deno.test("canAdmit() agrees with admit() when recycling is off", () => {
  fc.assert(fc.property(
    fc.constantFrom("headwise" as const, "pooled" as const, "uniform" as const),
    fc.integer({ min: 0, max: 96 }),
    fc.integer({ min: 0, max: 96 }),
    (layout, first, second) => {
      const a = buildAllocator({ layout, recycle: false });
      admit(a, slot(0), first);
      const expected = canAdmit(a, { lengthTokens: second });
      assert.equal(admit(a, slot(1), second).kind === "allocated", expected);
    },
  ));
});

Deno.test("canAdmit() asks each pool for what its head kind needs", () => {
  // 8 pages per head; the first request leaves 2 to the full head and 7 to the window head.
  const local = buildAllocator({ preallocatedPages: 0 });
  admit(local, slot(0), 96);
  recycle(local, slot(0), { nextPositionTokens: 96, lengthTokens: 96 });
  assert.equal(canAdmit(local, { lengthTokens: 32 }), true);
  assert.equal(canAdmit(local, { lengthTokens: 33 }), false);
  assert.equal(canAdmit(local, { lengthTokens: 32, reservePages: 1 }), false);

  // The flat pool has 9 free pages in all: a 7-page full head and a 2-page window head fit.
  const flat = buildAllocator({ layout: "pooled", preallocatedPages: 0, modelLengthTokens: 128 });
  admit(flat, slot(0), 96);
  recycle(flat, slot(0), { nextPositionTokens: 96, lengthTokens: 96 });
  assert.equal(canAdmit(flat, { lengthTokens: 112 }), true);
  assert.equal(canAdmit(flat, { lengthTokens: 113 }), false);
  assert.equal(canAdmit(flat, { lengthTokens: 96, reservePages: 1 }), false);
});

Deno.test("canEverAdmit() refuses only what empty pools, the table or the model cannot hold", () => {
  const a = buildAllocator({ pagesPerHead: 4, preallocatedPages: 0 });
  assert.equal(canEverAdmit(a, { lengthTokens: 64 }), true);
  assert.equal(canEverAdmit(a, { lengthTokens: 65 }), false);
  const windows = buildAllocator({
    kinds: [["window"]],
    pagesPerHead: 2,
    preallocatedPages: 0,
  });
  assert.equal(canEverAdmit(windows, { lengthTokens: 96 }), true);
  assert.equal(canEverAdmit(windows, { lengthTokens: 97 }), false);
  assert.equal(canEverAdmit(windows, { lengthTokens: 96, stepTokens: 32 }), false);
  const flat = buildAllocator({ layout: "pooled", pagesPerHead: 4, preallocatedPages: 0 });
  assert.equal(canEverAdmit(flat, { lengthTokens: 96 }), true);
  const columns = buildAllocator({ columns: 2 });
  assert.equal(canEverAdmit(columns, { lengthTokens: 33 }), false);
});

Deno.test("canEverAdmit() promises what a chunked prefill and its decoding then hold", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 250 }),
      fc.boolean(),
      (windowTokens, sinkTokens, chunkPages, promptTokens, preallocate) => {
        const a = buildAllocator({
          windowTokens,
          sinkTokens,
          kinds: [["window", "full"]],
          modelLengthTokens: 320,
          pagesPerHead: 20,
          debug: false,
        });
        const stepTokens = chunkPages * 16;
        const bound = pagesForLength(a, { lengthTokens: 320, stepTokens });
        const check = (): void => {
          assert.ok(heldPages(a, slot(0), place(0)) <= bound.windowHeadPages);
          assert.ok(heldPages(a, slot(0), place(1)) <= bound.fullHeadPages);
        };
        let done = 0;
        admit(a, slot(0), 0);
        while (done < 320) {
          recycle(a, slot(0), { nextPositionTokens: done, lengthTokens: done });
          done = done < promptTokens ? Math.min(done + stepTokens, promptTokens) : done + 1;
          extend(a, slot(0), done, { preallocate });
          check();
        }
        release(a, slot(0));
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("pagesForLength() refuses a count that is no integer ≥ 0", () => {
  const a = buildAllocator();
  for (const o of [{ lengthTokens: -1 }, { lengthTokens: 1, stepTokens: 0.5 }]) {
    assert.throws(
      () => pagesForLength(a, o),
      (error) => error instanceof AllocatorError && error.code === "length/invalid",
    );
  }
});
