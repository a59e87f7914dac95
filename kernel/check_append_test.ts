import assert from "node:assert/strict";
import { checkAppend } from "./check_append.ts";
import { ProblemError } from "./problem_error.ts";
import type { AppendProblem, Rotary } from "./problem.ts";
import { randomAppend } from "./random_problem.ts";

const ROTARY: Rotary = { style: "neox", theta: 10_000, rotaryDimensions: 64 };
const VALID = randomAppend({
  seed: 1,
  shape: {
    batch: 2,
    queryHeads: 4,
    kvHeads: 2,
    headSize: 64,
    pageSizeTokens: 16,
    pages: 8,
    columns: 3,
    layout: "uniform",
    storage: "f16",
  },
  queryLengths: [2, 1],
  cachedLengths: [20, 7],
  rotary: ROTARY,
});

function clauseOf(change: Partial<AppendProblem>): string {
  try {
    checkAppend({ ...VALID, ...change });
  } catch (error) {
    assert.ok(error instanceof ProblemError, String(error));
    return error.clause;
  }
  return "accepted";
}

Deno.test("checkAppend() accepts a drawn problem when nothing is wrong with it", () => {
  assert.equal(clauseOf({}), "accepted");
  assert.equal(clauseOf({ rotary: { ...ROTARY, rotaryDimensions: 32 } }), "accepted");
  assert.equal(clauseOf({ rotary: { style: "none", theta: 0, rotaryDimensions: 0 } }), "accepted");
});

Deno.test("checkAppend() names the clause when a tensor or the rotation is wrong", () => {
  const table = VALID.table.slice().fill(-3, 0, 1);
  const packed = new Float32Array(VALID.packed.length) as unknown as Uint16Array;
  assert.equal(clauseOf({ table }), "sentinel/only-minus-one");
  assert.equal(clauseOf({ packed }), "dtype/c16");
  assert.equal(clauseOf({ packed: VALID.packed.slice(1) }), "mixed/batch");
  assert.equal(clauseOf({ cachedLengths: new Int32Array([47, 0]) }), "shape/columns-cover");
  for (const rotaryDimensions of [0, 63, 66, -2, 3.5]) {
    assert.equal(clauseOf({ rotary: { ...ROTARY, rotaryDimensions } }), "rope/positions");
  }
  assert.equal(clauseOf({ rotary: { ...ROTARY, theta: 0 } }), "rope/positions");
  const style = "half" as Rotary["style"];
  assert.equal(clauseOf({ rotary: { ...ROTARY, style } }), "rope/positions");
});
