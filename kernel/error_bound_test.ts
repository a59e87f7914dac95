import assert from "node:assert/strict";
import { compareWithOracle } from "./compare.ts";
import { boundRow } from "./error_bound.ts";
import { attendDirect, queryRows, rowWeights } from "./oracle_direct.ts";
import type { AttentionProblem } from "./problem.ts";
import { randomProblem } from "./random_problem.ts";
import {
  decodeValues,
  encodeValues,
  roundingErrorBound,
  type StorageType,
} from "./storage_type.ts";

/** One decode row of 100 keys by default. */
function decodeProblem(
  o: { seed: number; storage: StorageType; cached?: number; headSize?: number; scale?: number },
): AttentionProblem {
  const cached = o.cached ?? 99;
  const columns = Math.ceil((cached + 1) / 16);
  return randomProblem({
    seed: o.seed,
    shape: {
      batch: 1,
      queryHeads: 2,
      kvHeads: 1,
      headSize: o.headSize ?? 64,
      pageSizeTokens: 16,
      pages: columns,
      columns,
      layout: "headwise",
      storage: o.storage,
    },
    queryLengths: [1],
    cachedLengths: [cached],
    learnedSinks: o.seed % 2 === 1,
    ...(o.scale === undefined ? {} : { scale: o.scale }),
  });
}

/** A kernel with faults to choose from: float32 throughout, an online softmax over splits. */
interface KernelOptions {
  /** Rounding of the value accumulator and the denominator; float32 by default. */
  readonly accumulate?: (value: number) => number;
  /** Rounding of scores; float32 by default. */
  readonly score?: (value: number) => number;
  /** Keys [from, to) that are left out. */
  readonly skippedKeys?: readonly [number, number];
  /** Keys in a split, each with a running maximum of its own. */
  readonly splitKeys?: number;
}

function runKernel(p: AttentionProblem, o: KernelOptions = {}): Float32Array {
  const { queryHeads, headSize, storage } = p.shape;
  const f32 = Math.fround;
  const accumulate = o.accumulate ?? f32;
  const roundScore = o.score ?? f32;
  const [skipFrom, skipTo] = o.skippedKeys ?? [0, 0];
  const queries = decodeValues(storage, p.query);
  const keys = decodeValues(storage, p.keys);
  const values = decodeValues(storage, p.values);
  const scale = f32((p.scale ?? 1 / Math.sqrt(headSize)) * Math.LOG2E);
  const out = new Float32Array(queryHeads * headSize);
  for (let head = 0; head < queryHeads; head++) {
    const { offsets } = rowWeights(p, { slot: 0, queryIndex: 0, queryHead: head });
    const splitKeys = o.splitKeys ?? offsets.length;
    const total = { maximum: -Infinity, denominator: 0, sums: new Float32Array(headSize) };
    const fold = (
      into: typeof total,
      exponent: number,
      add: { denominator: number; sums: (d: number) => number },
    ): void => {
      const maximum = Math.max(into.maximum, exponent);
      const shrink = f32(2 ** f32(into.maximum - maximum));
      const weight = f32(2 ** f32(exponent - maximum));
      into.denominator = accumulate(
        accumulate(into.denominator * shrink) + accumulate(weight * add.denominator),
      );
      for (let d = 0; d < headSize; d++) {
        const kept = accumulate(into.sums[d] * shrink);
        into.sums[d] = accumulate(kept + accumulate(weight * add.sums(d)));
      }
      into.maximum = maximum;
    };
    for (let begin = 0; begin < offsets.length; begin += splitKeys) {
      const part = { maximum: -Infinity, denominator: 0, sums: new Float32Array(headSize) };
      for (let i = begin; i < Math.min(offsets.length, begin + splitKeys); i++) {
        if (i >= skipFrom && i < skipTo) continue;
        let dot = 0;
        for (let d = 0; d < headSize; d++) {
          const scaled = f32(queries[head * headSize + d] * scale);
          dot = roundScore(dot + f32(scaled * keys[offsets[i] + d]));
        }
        fold(part, dot, { denominator: 1, sums: (d) => values[offsets[i] + d] });
      }
      fold(total, part.maximum, { denominator: part.denominator, sums: (d) => part.sums[d] });
    }
    if (p.sinkLogits !== undefined) {
      const exponent = f32(p.sinkLogits[head] * f32(Math.LOG2E));
      fold(total, exponent, { denominator: 1, sums: () => 0 });
    }
    for (let d = 0; d < headSize; d++) {
      out[head * headSize + d] = f32(total.sums[d] / total.denominator);
    }
  }
  return out;
}

const TYPES: readonly StorageType[] = ["bf16", "f16"];

Deno.test("boundRow() holds for a float32 kernel when keys, head sizes and splits vary", () => {
  for (const storage of TYPES) {
    for (const headSize of [64, 128, 256]) {
      for (const cached of [0, 1, 30, 99, 700]) {
        const problem = decodeProblem({ seed: headSize + cached, storage, cached, headSize });
        for (const splitKeys of [cached + 1, 33]) {
          const output = runKernel(problem, { splitKeys });
          const unrounded = compareWithOracle({ problem, output });
          assert.ok(unrounded.ok, unrounded.message);
          const stored = encodeValues(storage, output);
          const rounded = compareWithOracle({ problem, output: stored });
          assert.ok(rounded.ok, rounded.message);
        }
      }
    }
  }
});

Deno.test("boundRow() holds for a float32 kernel when scores are large", () => {
  for (const scale of [0.5, 1, 4]) {
    const problem = decodeProblem({ seed: 3, storage: "f16", scale });
    const verdict = compareWithOracle({ problem, output: runKernel(problem) });
    assert.ok(verdict.ok, verdict.message);
  }
});

Deno.test("boundRow() is exceeded when sums are accumulated in float16", () => {
  for (const storage of TYPES) {
    for (let seed = 0; seed < 8; seed++) {
      const problem = decodeProblem({ seed, storage });
      const output = encodeValues(storage, runKernel(problem, { accumulate: Math.f16round }));
      const verdict = compareWithOracle({ problem, output });
      assert.ok(verdict.worstBudgetUsed > 1, `${storage}, seed ${seed}: ${verdict.message}`);
    }
  }
});

Deno.test("boundRow() is exceeded when scores are accumulated in float16", () => {
  for (let seed = 0; seed < 8; seed++) {
    const problem = decodeProblem({ seed, storage: "f16" });
    const output = encodeValues("f16", runKernel(problem, { score: Math.f16round }));
    const verdict = compareWithOracle({ problem, output });
    assert.ok(verdict.worstBudgetUsed > 1, `seed ${seed}: ${verdict.message}`);
  }
});

Deno.test("boundRow() is exceeded when any one key among a hundred is missing", () => {
  for (const storage of TYPES) {
    const problem = decodeProblem({ seed: 6, storage });
    for (let skippedKey = 0; skippedKey < 100; skippedKey += 9) {
      const output = encodeValues(
        storage,
        runKernel(problem, {
          skippedKeys: [skippedKey, skippedKey + 1],
        }),
      );
      const verdict = compareWithOracle({ problem, output });
      assert.ok(verdict.worstBudgetUsed > 1, `${storage}, key ${skippedKey}: ${verdict.message}`);
    }
  }
});

Deno.test("boundRow() is exceeded when any page among two thousand keys is missing", () => {
  for (const storage of TYPES) {
    const problem = decodeProblem({ seed: 6, storage, cached: 1999 });
    for (const page of [0, 60, 124]) {
      const skippedKeys = [page * 16, page * 16 + 16] as const;
      const output = encodeValues(storage, runKernel(problem, { skippedKeys }));
      const verdict = compareWithOracle({ problem, output });
      assert.ok(verdict.worstBudgetUsed > 2, `${storage}, page ${page}: ${verdict.message}`);
    }
  }
});

Deno.test("boundRow() is little more than the storage's rounding when the type is bf16", () => {
  const problem = decodeProblem({ seed: 2, storage: "bf16" });
  const bounds = queryRows(problem).flatMap((row) => [...boundRow(problem, row).outputBound]);
  const { output } = attendDirect(problem);
  let rounding = 0;
  let sum = 0;
  output.forEach((value, i) => {
    rounding += roundingErrorBound("bf16", Math.abs(value));
    sum += bounds[i];
  });
  assert.ok(sum < 2 * rounding, `bounds add up to ${sum}, rounding alone to ${rounding}`);
});

Deno.test("boundRow() allows no error when a query sees no key", () => {
  const problem = decodeProblem({ seed: 1, storage: "f16" });
  const blind = { ...problem, table: problem.table.map(() => -1) };
  const row = boundRow(blind, { slot: 0, queryIndex: 0, queryHead: 0 }, { stored: "f32" });
  assert.deepEqual(row.outputBound, new Float64Array(64));
  assert.equal(row.logSumExpBound, 0);
  assert.equal(row.logSumExp, -Infinity);
});
