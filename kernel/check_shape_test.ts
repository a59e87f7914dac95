import assert from "node:assert/strict";
import { checkShape } from "./check_shape.ts";
import { ProblemError } from "./problem_error.ts";
import type { AttentionShape } from "./problem.ts";

const VALID: AttentionShape = {
  batch: 2,
  queryHeads: 8,
  kvHeads: 2,
  headSize: 128,
  pageSizeTokens: 64,
  pages: 10,
  columns: 4,
  layout: "headwise",
  storage: "f16",
};

Deno.test("checkShape() accepts every head size and page size when they are served", () => {
  for (const headSize of [64, 128, 256]) {
    for (const pageSizeTokens of [16, 32, 64, 128, 256]) {
      checkShape({ ...VALID, headSize, pageSizeTokens });
    }
  }
});

Deno.test("checkShape() names the clause when a size is not served", () => {
  const cases: [Partial<Record<keyof AttentionShape, unknown>>, string][] = [
    [{ columns: 0 }, "shape/columns-positive"],
    [{ batch: 0 }, "shape/rows"],
    [{ queryHeads: 9 }, "shape/group"],
    [{ kvHeads: 0 }, "shape/group"],
    [{ headSize: 96 }, "shape/group"],
    [{ pageSizeTokens: 48 }, "shape/group"],
    [{ pageSizeTokens: 512 }, "shape/group"],
    [{ pages: 0 }, "sentinel/only-minus-one"],
    [{ poolPages: 1.5 }, "sentinel/only-minus-one"],
    [{ layout: "flat" }, "layout/id-spaces-distinct"],
    [{ storage: "f32" }, "dtype/c16"],
  ];
  for (const [change, clause] of cases) {
    const refused = (error: unknown) => error instanceof ProblemError && error.clause === clause;
    assert.throws(() => checkShape({ ...VALID, ...change } as AttentionShape), refused);
  }
});
