import assert from "node:assert/strict";
import { attendDirect, cacheOffset, tableIndex } from "../../kernel/mod.ts";
import { problemOf } from "../suites/kernel_case.ts";
import { withOneHotValues } from "./one_hot.ts";

Deno.test("withOneHotValues() gives every key an element of its own, heads and slots apart", () => {
  const problem = withOneHotValues(problemOf(1, { rows: "1+19_1+29", window: 0, group: 1 }));
  const { output } = attendDirect(problem);
  const rows = [0, 1, 2, 3].map((row) => output.subarray(row * 64, row * 64 + 64));
  const seen = rows.map((row) => Array.from(row).flatMap((weight, d) => weight > 0 ? [d] : []));
  assert.deepEqual(seen.map(({ length }) => length), [20, 20, 30, 30]);
  assert.equal(new Set(seen.map((elements) => elements.join())).size, 4);
  for (const row of rows) {
    const total = row.reduce((sum, weight) => sum + weight, 0);
    assert.ok(Math.abs(total - 1) < 1e-12, `${total}`);
  }
});

Deno.test("withOneHotValues() goes on behind a hole", () => {
  const spec = {
    layout: "headwise",
    rows: "1+99",
    window: 12,
    kinds: "wf",
    recycled: true,
  } as const;
  const problem = withOneHotValues(problemOf(1, spec));
  const pages = Array.from({ length: 100 }, (_, positionTokens) => {
    const key = { slot: 0, head: 0, positionTokens };
    return { key, page: problem.table[tableIndex(problem.shape, key)]! };
  });
  assert.ok(pages.some(({ page }) => page < 0));
  for (const { key, page } of pages) {
    if (page < 0) continue;
    const offset = cacheOffset(problem.shape, { ...key, page });
    const bits = problem.values.subarray(offset, offset + problem.shape.headSize);
    assert.equal(bits.filter((each) => each !== 0).length, 1, `position ${key.positionTokens}`);
  }
  assert.ok(pages.at(-1)!.page >= 0);
});
