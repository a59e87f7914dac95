/** Bounds where scores or values are as large as their types allow, and where a value is not a number. */
import assert from "node:assert/strict";
import { parseArithmetic } from "./arithmetic.ts";
import { compareWithOracle } from "./compare.ts";
import { boundRow } from "./error_bound.ts";
import { attendDirect } from "./oracle_direct.ts";
import { encodeValues, STORAGE_FORMATS } from "./storage_type.ts";
import { rowOfKind, rowProblem } from "./arithmetic_rows.ts";

const FIRST_ROW = { slot: 0, queryIndex: 0, queryHead: 0 };

function constant(value: number): Float64Array {
  return new Float64Array(64).fill(value);
}

Deno.test("boundRow() never gives a bound of NaN or below 0, however large scores are", () => {
  for (let exponent = 0; exponent <= 120; exponent += 4) {
    for (const sink of [undefined, 0, 1e30]) {
      const problem = rowProblem({
        storage: "bf16",
        query: constant(2 ** exponent),
        keys: [constant(2 ** exponent), constant(1), constant(-(2 ** exponent))],
        values: [constant(1), constant(2), constant(-3)],
        ...(sink === undefined ? {} : { sink }),
      });
      const { outputBound, logSumExpBound } = boundRow(problem, FIRST_ROW);
      for (const bound of [...outputBound, logSumExpBound]) {
        assert.ok(bound >= 0, `2^${exponent}: ${bound}`);
      }
    }
  }
});

Deno.test("boundRow() lets no answer leave the values that it is a mean of", () => {
  const problem = rowProblem({
    storage: "bf16",
    query: constant(2 ** 20),
    // Products of 2^40 that cancel: float32 may make anything of the first score.
    keys: [constant(1).map((_, d) => (d % 2 === 0 ? 1 : -1) * 2 ** 20), constant(0)],
    values: [constant(1), constant(2)],
  });
  const { output, outputBound } = boundRow(problem, FIRST_ROW, { stored: "f32" });
  assert.equal(output[0], 1.5);
  assert.ok(outputBound[0] >= 0.5 && outputBound[0] < 0.501, `${outputBound[0]}`);
});

Deno.test("boundRow() asks nothing of sums that may pass float32's range, and only of those", () => {
  const largest = STORAGE_FORMATS.bf16.maxFinite;
  const one = rowProblem({
    storage: "bf16",
    query: constant(1),
    keys: [constant(0), constant(0)],
    values: [constant(largest / 4), constant(0)],
  });
  const two = rowProblem({
    storage: "bf16",
    query: constant(1),
    keys: [constant(0), constant(0)],
    values: [constant(largest), constant(largest)],
  });
  assert.ok(Number.isFinite(boundRow(one, FIRST_ROW).outputBound[0]));
  assert.equal(boundRow(two, FIRST_ROW).outputBound[0], Infinity);
  const infinite = compareWithOracle({ problem: two, output: new Uint16Array(64).fill(0x7f80) });
  assert.deepEqual([infinite.ok, infinite.unbounded, infinite.compared], [true, 64, 0]);
  const wrong = compareWithOracle({ problem: one, output: new Uint16Array(64).fill(0x7f80) });
  assert.deepEqual([wrong.ok, wrong.outside], [false, 64]);
});

Deno.test("compareWithOracle() expects NaN of a visible NaN in its element, and nowhere else", () => {
  for (const bad of [NaN, Infinity]) {
    const values = [constant(1), constant(2), constant(3)];
    values[1][7] = bad;
    const problem = rowProblem({
      storage: "f16",
      query: constant(0.1),
      keys: [constant(0.1), constant(0), constant(0.2)],
      values,
    });
    const output = encodeValues("f16", attendDirect(problem).output);
    assert.ok(compareWithOracle({ problem, output }).ok);
    const elsewhere = output.slice();
    elsewhere[8] = STORAGE_FORMATS.f16.quietNan;
    assert.equal(compareWithOracle({ problem, output: elsewhere }).outside, 1);
    const hidden = output.slice();
    hidden[7] = output[6];
    assert.equal(compareWithOracle({ problem, output: hidden }).outside, 1);
  }
});

Deno.test("boundRow() grants a log-sum-exp a few units in the last place of float32", () => {
  for (const keys of [1, 40, 300]) {
    const problem = rowOfKind("random", { seed: keys, storage: "bf16", keys });
    const { logSumExp, logSumExpBound } = boundRow(problem, FIRST_ROW);
    assert.ok(logSumExpBound < 2 ** -14, `${keys} keys: ${logSumExpBound}`);
    const output = encodeValues("bf16", attendDirect(problem).output);
    const judge = (error: number): boolean =>
      compareWithOracle({ problem, output, logSumExp: Float32Array.of(logSumExp + error) }).ok;
    assert.deepEqual([judge(0), judge(2 ** -13), judge(-(2 ** -13))], [true, false, false]);
  }
});

Deno.test("boundRow() lets float16 sums overflow where they may, and nowhere below that", () => {
  const arithmetic = parseArithmetic({ scores: "f16", weights: "f16", accumulate: "f16" });
  const infinite = new Uint16Array(64).fill(0x7c00);
  const judge = (values: readonly number[]): { ok: boolean; compared: number } => {
    const problem = rowProblem({
      storage: "f16",
      query: constant(1),
      keys: values.map(() => constant(0)),
      values: values.map(constant),
    });
    return compareWithOracle({ problem, output: infinite, arithmetic: [arithmetic] });
  };
  for (const values of [[40_000], [65_408], [-65_408], [20_000, -20_000], [32_000, 30_000]]) {
    assert.equal(judge(values).ok, false, `${values}`);
  }
  for (const values of [[65_504], [40_000, 40_000], [40_000, -40_000], [22_000, 22_000, 22_000]]) {
    assert.deepEqual([judge(values).ok, judge(values).compared], [true, 0], `${values}`);
  }
});

Deno.test("boundRow() asks for an answer up to float32's whole range", () => {
  const largest = STORAGE_FORMATS.bf16.maxFinite;
  const problem = rowProblem({
    storage: "bf16",
    query: constant(1),
    keys: [constant(0)],
    values: [constant(largest)],
  });
  const right = encodeValues("bf16", attendDirect(problem).output);
  assert.equal(compareWithOracle({ problem, output: right }).compared, 64);
  const infinite = compareWithOracle({ problem, output: new Uint16Array(64).fill(0x7f80) });
  assert.deepEqual([infinite.ok, infinite.outside], [false, 64]);
});
