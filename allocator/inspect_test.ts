import assert from "node:assert/strict";
import { buildAllocator, place, slot } from "./builders_test.ts";
import {
  admit,
  allocatedColumns,
  availability,
  beginStep,
  completeStep,
  freePages,
  heldPages,
  IdSpaceError,
  pageStatistics,
  recycle,
  release,
} from "./mod.ts";

Deno.test("availability() is a real number over the pools in use", () => {
  const a = buildAllocator({ slots: 4, pagesPerHead: 7 });
  assert.equal(availability(a), 1);
  admit(a, slot(0), 96);
  assert.equal(availability(a), 1 / 7);
  recycle(a, slot(0), { nextPositionTokens: 96, lengthTokens: 96 });
  assert.equal(availability(a), (6 + 1) / 14);
  admit(a, slot(1), 16);
  assert.equal(availability(a), 5 / 14);
});

Deno.test("availability() counts the pools of each layout", () => {
  for (const layout of ["pooled", "uniform"] as const) {
    const a = buildAllocator({ layout, pagesPerHead: 8 });
    admit(a, slot(0), 96);
    assert.equal(availability(a), 2 / 8);
  }
});

Deno.test("freePages() and heldPages() tell heads apart", () => {
  const a = buildAllocator();
  admit(a, slot(0), 96);
  recycle(a, slot(0), { nextPositionTokens: 96, lengthTokens: 96 });
  assert.deepEqual([0, 1].map((head) => freePages(a, place(head))), [7, 2]);
  assert.deepEqual([0, 1].map((head) => heldPages(a, slot(0), place(head))), [1, 6]);
  assert.equal(heldPages(a, slot(0)), 7);
  assert.equal(allocatedColumns(a, slot(0)), 6);
  assert.throws(() => heldPages(a, slot(0), place(2)), IdSpaceError);
  assert.throws(() => freePages(a, place(0, 1)), IdSpaceError);
});

Deno.test("pageStatistics() keeps peaks and balances free, waiting and held", () => {
  const a = buildAllocator();
  admit(a, slot(0), 48);
  const step = beginStep(a);
  recycle(a, slot(0), { nextPositionTokens: 48, lengthTokens: 48 });
  admit(a, slot(1), 16);
  assert.deepEqual(pageStatistics(a), {
    capacityPages: 16,
    freePages: 8,
    quarantinedPages: 2,
    fullHeadPages: 4,
    windowHeadPages: 2,
    peakFullHeadPages: 4,
    peakWindowHeadPages: 3,
    peakPages: 6,
  });
  release(a, slot(0));
  release(a, slot(1));
  completeStep(a, step);
  assert.deepEqual(pageStatistics(a), {
    capacityPages: 16,
    freePages: 16,
    quarantinedPages: 0,
    fullHeadPages: 0,
    windowHeadPages: 0,
    peakFullHeadPages: 4,
    peakWindowHeadPages: 3,
    peakPages: 6,
  });
});
