import assert from "node:assert/strict";
import {
  admit,
  type CacheAllocator,
  createAllocator,
  HOLE,
  type Layout,
  recycle,
  type Slot,
} from "../../allocator/mod.ts";
import { checkStepByOracles } from "./oracle_check.ts";
import { tinyHeads } from "../run/test_support.ts";
import type { StepCheck } from "./step_clock.ts";

const HEADS = tinyHeads({ windowTokens: 20 });
const LENGTH_TOKENS = 96;

function allocatorOf(layout: Layout, recycling = false): CacheAllocator {
  const allocator = createAllocator({
    layout,
    heads: HEADS,
    slots: 2,
    pagesPerHead: 16,
    pageSizeTokens: 16,
    modelLengthTokens: 128,
    preallocatedPages: 0,
    recycle: recycling,
    pageOrder: { kind: "shuffled", seed: 4 },
  });
  admit(allocator, 0 as Slot, 16);
  admit(allocator, 1 as Slot, LENGTH_TOKENS);
  return allocator;
}

function check(allocator: CacheAllocator): StepCheck {
  return checkStepByOracles({
    step: 7,
    table: allocator.table,
    queryLengths: Int32Array.of(0, 3),
    cachedLengths: Int32Array.of(0, LENGTH_TOKENS - 3),
    tokens: 3,
    sampledRows: 1,
  }, { heads: HEADS, pageSizeTokens: 16, pagesPerHead: 16, storage: "bf16", seed: 11 });
}

Deno.test("checkStepByOracles() agrees on every layout", () => {
  for (const layout of ["uniform", "headwise", "pooled"] as const) {
    const result = check(allocatorOf(layout));
    assert.equal(result.message, "");
    assert.ok(result.ok && result.worstBudgetUsed < 0.1);
  }
});

Deno.test("checkStepByOracles() agrees when dead pages are recycled", () => {
  for (const layout of ["headwise", "pooled"] as const) {
    const allocator = allocatorOf(layout, true);
    const point = { nextPositionTokens: 80, lengthTokens: 80 };
    assert.ok(recycle(allocator, 1 as Slot, point) > 0);
    assert.equal(check(allocator).message, "");
  }
});

Deno.test("checkStepByOracles() fails when two positions share a page", () => {
  for (const layout of ["uniform", "headwise", "pooled"] as const) {
    const allocator = allocatorOf(layout);
    const { ids, columns, kvHeads } = allocator.table;
    const row = (layout === "uniform" ? 1 : kvHeads + 1) * columns;
    ids[row + 5] = ids[row + 4];
    const result = check(allocator);
    assert.equal(result.ok, false, layout);
    assert.match(result.message, /step 7, slot 1, layer group 0/);
  }
});

Deno.test("checkStepByOracles() fails when the heads of one pool share a page", () => {
  const allocator = allocatorOf("pooled");
  const { ids, columns } = allocator.table;
  ids[2 * columns + 5] = ids[3 * columns + 5];
  assert.equal(check(allocator).ok, false);
});

Deno.test("checkStepByOracles() fails when a hole stands in a live range", () => {
  const allocator = allocatorOf("headwise");
  const { ids, columns } = allocator.table;
  ids[3 * columns + 2] = HOLE;
  assert.equal(check(allocator).ok, false);
});

Deno.test("checkStepByOracles() fails by name when an id is out of range", () => {
  const allocator = allocatorOf("headwise");
  const { ids, columns } = allocator.table;
  for (const id of [-7, 16]) {
    ids[3 * columns + 2] = id;
    const result = check(allocator);
    assert.equal(result.ok, false);
    assert.match(result.message, /slot 1, head 1, column 2/);
  }
});

Deno.test("checkStepByOracles() takes the shortest row when all are long", () => {
  const allocator = createAllocator({
    layout: "headwise",
    heads: HEADS,
    slots: 2,
    pagesPerHead: 1200,
    pageSizeTokens: 16,
    modelLengthTokens: 10000,
    recycle: false,
    pageOrder: { kind: "shuffled", seed: 4 },
  });
  admit(allocator, 0 as Slot, 9900);
  admit(allocator, 1 as Slot, 9000);
  const { ids, columns, kvHeads } = allocator.table;
  ids[(kvHeads + 1) * columns + 3] = HOLE;
  const result = checkStepByOracles({
    step: 1,
    table: allocator.table,
    queryLengths: Int32Array.of(1, 1),
    cachedLengths: Int32Array.of(9899, 8999),
    tokens: 2,
    sampledRows: 2,
  }, { heads: HEADS, pageSizeTokens: 16, pagesPerHead: 1200, storage: "f16", seed: 1 });
  assert.match(result.message, /slot 1/);
});
