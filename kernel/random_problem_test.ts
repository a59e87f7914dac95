import assert from "node:assert/strict";
import { checkAppend } from "./check_append.ts";
import { checkProblem } from "./check_problem.ts";
import { randomAppend, randomProblem, type RandomProblemOptions } from "./random_problem.ts";
import { decodeValues } from "./storage_type.ts";

const OPTIONS: RandomProblemOptions = {
  seed: 12,
  shape: {
    batch: 3,
    queryHeads: 4,
    kvHeads: 2,
    headSize: 64,
    pageSizeTokens: 16,
    pages: 12,
    columns: 6,
    layout: "headwise",
    storage: "f16",
  },
  queryLengths: [1, 0, 20],
  cachedLengths: [70, 0, 11],
  headWindows: [0, 20],
  sinkTokens: 3,
};

Deno.test("randomProblem() gives equal problems when options are equal, others when seeds differ", () => {
  const options = { ...OPTIONS, maskRanges: true, treeMask: true, learnedSinks: true };
  assert.deepEqual(randomProblem(options), randomProblem(options));
  assert.notDeepEqual(randomProblem({ ...options, seed: 13 }), randomProblem(options));
});

Deno.test("randomProblem() names every page of a row once and nothing after them when it fills tables", () => {
  for (const layout of ["uniform", "headwise", "pooled"] as const) {
    const { table, shape } = randomProblem({ ...OPTIONS, shape: { ...OPTIONS.shape, layout } });
    const heads = layout === "uniform" ? 1 : shape.kvHeads;
    const used = new Set<string>();
    for (let row = 0; row < 3 * heads; row++) {
      const pages = [5, 0, 2][Math.floor(row / heads)];
      const ids = [...table.subarray(row * 6, row * 6 + 6)];
      assert.ok(ids.slice(0, pages).every((id) => id >= 0));
      assert.ok(ids.slice(pages).every((id) => id === -1));
      const pool = layout === "headwise" ? row % heads : 0;
      for (const id of ids.slice(0, pages)) used.add(`${pool}/${id}`);
    }
    assert.equal(used.size, 7 * heads);
  }
});

Deno.test("randomProblem() names ids in order from 0 when pages are not shuffled", () => {
  const { table } = randomProblem({ ...OPTIONS, pageOrder: "identity" });
  for (const head of [0, 1]) {
    assert.deepEqual([...table.subarray(head * 6, head * 6 + 6)], [0, 1, 2, 3, 4, -1]);
    assert.deepEqual([...table.subarray((4 + head) * 6, (4 + head) * 6 + 3)], [5, 6, -1]);
  }
});

Deno.test("randomProblem() gives heads pages of their own when pages are shuffled", () => {
  const { table } = randomProblem(OPTIONS);
  assert.notDeepEqual([...table.subarray(0, 5)], [...table.subarray(6, 11)]);
});

Deno.test("randomProblem() makes holes only in dead pages of window heads when rows are recycled", () => {
  const { table } = randomProblem({ ...OPTIONS, recycled: true });
  // Position 70 sees (50, 70] and [0, 3): pages 1 and 2 end at 32 and 48 ≤ 70 − 20 + 1.
  assert.deepEqual([...table.subarray(6, 12)].map((id) => id >= 0), [
    true,
    false,
    false,
    true,
    true,
    false,
  ]);
  assert.ok(table.subarray(0, 5).every((id) => id >= 0));
  assert.equal(table.includes(0), false);
});

Deno.test("randomProblem() never names page 0 when memory is poisoned", () => {
  for (const pageOrder of ["identity", "shuffled"] as const) {
    const { table, keys, values } = randomProblem({ ...OPTIONS, pageOrder, poison: true });
    assert.equal(table.includes(0), false);
    for (const cache of [keys, values]) {
      const page = decodeValues("f16", cache.subarray(0, 2 * 16 * 64));
      assert.ok(page.every((value) => Number.isNaN(value)));
    }
  }
});

Deno.test("randomProblem() draws normal values when it fills the cache", () => {
  const values = decodeValues("f16", randomProblem(OPTIONS).keys);
  const mean = values.reduce((sum, value) => sum + value) / values.length;
  const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
  assert.ok(Math.abs(mean) < 0.05 && Math.abs(variance - 1) < 0.05);
});

Deno.test("randomProblem() hides no token from itself when it draws a tree mask", () => {
  const { treeMask } = randomProblem({ ...OPTIONS, treeMask: true });
  assert.equal(treeMask?.maxQueryTokens, 20);
  for (let slot = 0; slot < 3; slot++) {
    for (let i = 0; i < 20; i++) assert.equal(treeMask?.bits[(slot * 20 + i) * 20 + i], 0);
  }
});

Deno.test("randomProblem() refuses rows when pool, table or lengths do not fit them", () => {
  const shape = OPTIONS.shape;
  const clause = (change: Partial<RandomProblemOptions>, expected: string): void =>
    assert.throws(() => randomProblem({ ...OPTIONS, ...change }), { clause: expected });
  clause({ shape: { ...shape, pages: 6 } }, "pool/all-or-nothing");
  clause({ shape: { ...shape, pages: 7 }, poison: true }, "pool/all-or-nothing");
  clause({ shape: { ...shape, columns: 4 } }, "shape/columns-cover");
  clause({ queryLengths: [1] }, "mixed/batch");
  checkProblem(randomProblem({ ...OPTIONS, shape: { ...shape, pages: 7 } }));
});

Deno.test("randomAppend() gives equal valid problems when options are equal", () => {
  const { learnedSinks: _, ...rows } = OPTIONS;
  const options = {
    ...rows,
    rotary: { style: "neox", theta: 10_000, rotaryDimensions: 64 },
  } as const;
  checkAppend(randomAppend(options));
  assert.deepEqual(randomAppend(options), randomAppend(options));
});
