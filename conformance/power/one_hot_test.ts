import assert from "node:assert/strict";
import { attendDirect } from "../../kernel/mod.ts";
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
