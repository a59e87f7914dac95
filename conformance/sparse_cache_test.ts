import assert from "node:assert/strict";
import { problemOf } from "./suites/kernel_case.ts";
import { elementsOfId, gatherPages, spreadPages } from "./sparse_cache.ts";

Deno.test("gatherPages() finds the problem again that spreadPages() spread", () => {
  for (const layout of ["uniform", "headwise", "pooled"] as const) {
    const dense = problemOf(7, { layout });
    const spread = spreadPages(dense, { poolPages: 1 << 20, idOf: (page) => page * 1000 + 3 });
    assert.ok(spread.problem.table.some((id) => id > 3000));
    const { pages, poolPages } = spread.problem.shape;
    const { kvHeads } = dense.shape;
    assert.deepEqual(
      [pages, poolPages],
      layout === "pooled" ? [(1 << 20) / kvHeads, 1 << 20] : [1 << 20, undefined],
    );
    const { shape, ...again } = gatherPages(spread);
    const { shape: before, ...expected } = dense;
    assert.deepEqual(again, expected);
    assert.equal(elementsOfId(shape) * spread.pageIds.length, dense.keys.length);
    assert.equal(shape.columns, before.columns);
  }
});

Deno.test("gatherPages() leaves an id out of range that no page has", () => {
  const spread = spreadPages(problemOf(7), { poolPages: 1 << 20, idOf: (page) => page + 9 });
  const table = spread.problem.table.map((id) => id === 9 ? 8 : id);
  const { table: gathered } = gatherPages({ ...spread, problem: { ...spread.problem, table } });
  assert.ok(gathered.every((id) => id <= spread.pageIds.length));
});
