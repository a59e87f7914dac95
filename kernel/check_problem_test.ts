import assert from "node:assert/strict";
import { checkProblem } from "./check_problem.ts";
import { ProblemError } from "./problem_error.ts";
import type { AttentionProblem } from "./problem.ts";
import { randomProblem } from "./random_problem.ts";

const VALID = randomProblem({
  seed: 1,
  shape: {
    batch: 2,
    queryHeads: 4,
    kvHeads: 2,
    headSize: 64,
    pageSizeTokens: 16,
    pages: 8,
    columns: 3,
    layout: "headwise",
    storage: "bf16",
  },
  queryLengths: [2, 1],
  cachedLengths: [20, 7],
  maskRanges: true,
  treeMask: true,
  learnedSinks: true,
});

// A wrong type on purpose: what a caller without types would pass.
function wrong<T>(value: unknown): T {
  return value as T;
}

function refusal(change: Partial<AttentionProblem>): ProblemError {
  try {
    checkProblem({ ...VALID, ...change });
  } catch (error) {
    assert.ok(error instanceof ProblemError, String(error));
    return error;
  }
  assert.fail("the problem was accepted");
}

Deno.test("checkProblem() accepts a drawn problem when nothing is wrong with it", () => {
  checkProblem(VALID);
});

Deno.test("checkProblem() names the tensor when its element type is wrong", () => {
  const cases: [keyof AttentionProblem, unknown, string][] = [
    ["table", BigInt64Array.from([0n]), "dtype/int32"],
    ["table", new Uint32Array(VALID.table.length), "dtype/int32"],
    ["table", [...VALID.table], "dtype/int32"],
    ["table", undefined, "dtype/int32"],
    ["queryStarts", new Float64Array(3), "dtype/int32"],
    ["cachedLengths", new Uint8Array(2), "dtype/int32"],
    ["headWindows", new Int16Array(2), "dtype/int32"],
    ["maskRanges", new Float32Array(6), "dtype/int32"],
    ["query", new Float32Array(VALID.query.length), "dtype/c16"],
    ["keys", new Float32Array(VALID.keys.length), "dtype/c16"],
    ["values", new Uint8Array(VALID.values.length), "dtype/c16"],
    ["sinkLogits", new Float64Array(4), "softmax/learned-sink"],
  ];
  for (const [name, value, clause] of cases) {
    const error = refusal({ [name]: wrong(value) });
    assert.equal(error.code, "dtype", name);
    assert.equal(error.clause, clause);
    assert.equal(error.data.name, name);
  }
  const bits = wrong<Uint8Array>(new Int32Array(8));
  assert.equal(refusal({ treeMask: { bits, maxQueryTokens: 2 } }).data.name, "treeMask.bits");
});

Deno.test("checkProblem() refuses the type before the bytes when both are wrong", () => {
  const table = new Int32Array(VALID.table.length).fill(-9);
  assert.equal(refusal({ table, values: wrong(new Float32Array(1)) }).code, "dtype");
});

Deno.test("checkProblem() names the tensor when its size is wrong", () => {
  const names: [keyof AttentionProblem, string][] = [
    ["table", "shape/rows"],
    ["keys", "kernel/no-overread"],
    ["values", "kernel/no-overread"],
    ["query", "mixed/batch"],
    ["queryStarts", "mixed/batch"],
    ["cachedLengths", "mixed/batch"],
    ["headWindows", "mask/head-kinds"],
    ["maskRanges", "mask/offset"],
    ["sinkLogits", "softmax/learned-sink"],
  ];
  for (const [name, clause] of names) {
    const tensor = VALID[name] as Int32Array;
    const error = refusal({ [name]: tensor.slice(1) });
    assert.equal(error.code, "shape", name);
    assert.equal(error.clause, clause);
    assert.equal(error.data.name, name);
  }
  const treeMask = { bits: new Uint8Array(7), maxQueryTokens: 2 };
  assert.equal(refusal({ treeMask }).clause, "mask/tree");
});

Deno.test("checkProblem() refuses rows that the table cannot hold when a slot is too long", () => {
  const error = refusal({ cachedLengths: new Int32Array([47, 7]) });
  assert.equal(error.clause, "shape/columns-cover");
  assert.equal(error.data.lengthTokens, 49);
});

Deno.test("checkProblem() names slot, head, column and value when a page id is foreign", () => {
  for (const value of [-2, 8, 2 ** 31 - 1, -(2 ** 31)]) {
    const table = VALID.table.slice();
    table[(1 * 2 + 1) * 3 + 2] = value;
    const error = refusal({ table });
    assert.equal(error.clause, "sentinel/only-minus-one");
    assert.deepEqual(error.data, { slot: 1, head: 1, column: 2, value, limit: 8 });
  }
});

Deno.test("checkProblem() takes global ids up to the pool's size when the layout is pooled", () => {
  const problem = randomProblem({
    seed: 1,
    shape: { ...VALID.shape, layout: "pooled", poolPages: 40 },
    queryLengths: [1, 1],
    cachedLengths: [20, 7],
  });
  const table = problem.table.slice();
  table[0] = 39;
  checkProblem({ ...problem, table });
  table[0] = 40;
  assert.throws(() => checkProblem({ ...problem, table }), { code: "page-id" });
});

Deno.test("checkProblem() refuses lengths, windows, ranges and scales when they mean nothing", () => {
  const cases: [Partial<AttentionProblem>, string][] = [
    [{ queryStarts: new Int32Array([1, 2, 3]) }, "mixed/batch"],
    [{ queryStarts: new Int32Array([0, 4, 3]) }, "mixed/batch"],
    [{ cachedLengths: new Int32Array([-1, 7]) }, "mixed/batch"],
    [{ headWindows: new Int32Array([0, -4]) }, "mask/head-kinds"],
    [{ sinkTokens: -1 }, "mask/sink-threaded"],
    [{ sinkTokens: 1.5 }, "mask/sink-threaded"],
    [{ maskRanges: new Int32Array([0, 23, 0, 1, 0, 1]) }, "mask/offset"],
    [{ maskRanges: new Int32Array([3, 2, 0, 1, 0, 1]) }, "mask/offset"],
    [{ maskRanges: new Int32Array([-1, 2, 0, 1, 0, 1]) }, "mask/offset"],
    [{ treeMask: { bits: new Uint8Array(2), maxQueryTokens: 1 } }, "mask/tree"],
    [{ scale: 0 }, "softmax/scale"],
    [{ scale: NaN }, "softmax/scale"],
    [{ scale: -1 }, "softmax/scale"],
    [{ scale: 1e300 }, "softmax/scale"],
    [{ scale: 3e38 }, "softmax/scale"],
    [{ scale: 1e-40 }, "softmax/scale"],
    [{ sinkLogits: Float32Array.of(0, 0, NaN, 0) }, "softmax/learned-sink"],
    [{ sinkLogits: Float32Array.of(0, 0, 0, Infinity) }, "softmax/learned-sink"],
  ];
  for (const [change, clause] of cases) {
    assert.equal(refusal(change).clause, clause, JSON.stringify(change));
  }
});
