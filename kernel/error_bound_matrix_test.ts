import assert from "node:assert/strict";
import { parseArithmetic } from "./arithmetic.ts";
import { compareWithOracle } from "./compare.ts";
import { boundRow } from "./error_bound.ts";
import { rowWeights } from "./oracle_direct.ts";
import type { AttentionProblem } from "./problem.ts";
import { randomProblem } from "./random_problem.ts";
import { decodeValues, encodeValues } from "./storage_type.ts";

const BIAS = 2 ** 11;
const MATRIX = parseArithmetic({
  sums: "matrix",
  weights: "f16",
  weightRounding: "either",
  weightScale: BIAS,
});

function decodeProblem(o: { cached: number; scale?: number }): AttentionProblem {
  const columns = Math.ceil((o.cached + 1) / 16);
  return randomProblem({
    seed: 5 + o.cached,
    shape: {
      batch: 1,
      queryHeads: 2,
      kvHeads: 1,
      headSize: 64,
      pageSizeTokens: 16,
      pages: columns,
      columns,
      layout: "headwise",
      storage: "f16",
    },
    queryLengths: [1],
    cachedLengths: [o.cached],
    ...(o.scale === undefined ? {} : { scale: o.scale }),
  });
}

/** Towards zero with so many bits of significand; subnormals of f16 are flushed. */
function truncated(value: number, bits: number, smallest = 0): number {
  if (Math.abs(value) < smallest || value === 0) return 0;
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(value))) - bits + 1);
  return Math.trunc(value / unit) * unit;
}

/** The worst that a right matrix kernel may do: every rounding towards zero, subnormals flushed. */
function runMatrixKernel(p: AttentionProblem, o: { weightBits: number }): Uint16Array {
  const { queryHeads, headSize } = p.shape;
  const values = decodeValues("f16", p.values);
  const output = new Float32Array(queryHeads * headSize);
  for (let queryHead = 0; queryHead < queryHeads; queryHead++) {
    const { offsets, scores, largestScore } = rowWeights(p, { slot: 0, queryIndex: 0, queryHead });
    const exact = Array.from(scores, (score) => Math.exp(score - largestScore) * BIAS);
    const weights = exact.map((weight) => truncated(weight, o.weightBits, 2 ** -14));
    const sum = exact.reduce((total, weight) => Math.fround(total + weight), 0);
    for (let d = 0; d < headSize; d++) {
      let total = 0;
      for (let at = 0; at < offsets.length; at += 4) {
        let block = total;
        for (let i = at; i < Math.min(at + 4, offsets.length); i++) {
          block += weights[i] * values[offsets[i] + d];
        }
        total = truncated(block, 24);
      }
      output[queryHead * headSize + d] = total / sum;
    }
  }
  return encodeValues("f16", output);
}

for (const cached of [0, 30, 99, 700]) {
  for (const scale of [0.125, 2]) {
    Deno.test(`boundRow() holds for matrices that truncate, ${cached + 1} keys, scale ${scale}`, () => {
      const problem = decodeProblem({ cached, scale });
      const output = runMatrixKernel(problem, { weightBits: 11 });
      const verdict = compareWithOracle({ problem, output, arithmetic: [MATRIX] });
      assert.ok(verdict.ok, verdict.message);
    });
  }
}

Deno.test("boundRow() rejects truncated weights when the arithmetic is said to be float32", () => {
  const problem = decodeProblem({ cached: 700 });
  const output = runMatrixKernel(problem, { weightBits: 11 });
  assert.equal(compareWithOracle({ problem, output }).ok, false);
});

Deno.test("boundRow() rejects weights of bf16's precision with matrix arithmetic", () => {
  const problem = decodeProblem({ cached: 30, scale: 2 });
  const output = runMatrixKernel(problem, { weightBits: 8 });
  assert.equal(compareWithOracle({ problem, output, arithmetic: [MATRIX] }).ok, false);
});

Deno.test("boundRow() gives matrices a wider bound, and the same reference", () => {
  const problem = decodeProblem({ cached: 99 });
  const row = { slot: 0, queryIndex: 0, queryHead: 1 };
  const f32 = boundRow(problem, row);
  const matrix = boundRow(problem, row, { arithmetic: MATRIX });
  assert.deepEqual(matrix.output, f32.output);
  assert.ok(matrix.outputBound.every((bound, d) => bound > f32.outputBound[d]));
  assert.ok(matrix.logSumExpBound > f32.logSumExpBound);
});
