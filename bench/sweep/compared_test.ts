import assert from "node:assert/strict";
import { ratioAt, SWEEP_COMPARED, variedAxes } from "./compared.ts";
import type { SweepRow } from "./types.ts";

const [TTFT] = SWEEP_COMPARED["gate/read"].metrics;

function rowOf(uniform: number | null, headwise: number | null): SweepRow {
  const sides = [{ name: "uniform", meanTtftMs: uniform }, {
    name: "headwise",
    meanTtftMs: headwise,
  }];
  return { sides } as unknown as SweepRow;
}

Deno.test("ratioAt() is the candidate's figure over the baseline's, and null where either has none", () => {
  assert.equal(ratioAt(rowOf(10, 8), "gate/read", TTFT), 0.8);
  assert.equal(ratioAt(rowOf(null, 8), "gate/read", TTFT), null);
  assert.equal(ratioAt(rowOf(10, null), "gate/read", TTFT), null);
  assert.equal(ratioAt(rowOf(0, 8), "gate/read", TTFT), null);
  assert.equal(ratioAt(rowOf(10, 8), "gate/capacity", TTFT), null);
});

Deno.test("variedAxes() keeps the order of the flags and leaves out what the fixture gives", () => {
  const axes = { windowTokens: [1], ratio: [], contextTokens: [2], batch: [], pageSizeTokens: [] };
  assert.deepEqual(variedAxes(axes), ["windowTokens", "contextTokens"]);
});
