/** The bound of every declared arithmetic, held against kernels that round as declared and coarser. */
import assert from "node:assert/strict";
import { type Arithmetic, FLOAT32_ARITHMETIC, parseArithmetic } from "./arithmetic.ts";
import { compareWithOracle } from "./compare.ts";
import { boundRow } from "./error_bound.ts";
import { FIELD_ARITHMETICS } from "./field_arithmetic.ts";
import type { AttentionProblem } from "./problem.ts";
import type { StorageType } from "./storage_type.ts";
import { emulateAttention, type EmulatorOptions } from "./emulate_attention.ts";
import { randomProblem } from "./random_problem.ts";
import { ROW_KINDS, type RowKind, rowOfKind } from "./arithmetic_rows.ts";

const STORAGES: readonly StorageType[] = ["bf16", "f16"];
const FIRST_ROW = { slot: 0, queryIndex: 0, queryHead: 0 };

interface Trial {
  readonly problem: AttentionProblem;
  readonly cut: { readonly seed: number; readonly splitKeys: number; readonly blockKeys: number };
}

/** Rows of every kind, of one key to hundreds, whole and in splits. */
function* trials(storage: StorageType, kinds: readonly RowKind[] = ROW_KINDS): Generator<Trial> {
  for (const kind of kinds) {
    for (const keys of [1, 2, 3, 4, 7, 40, 300]) {
      const seeds = keys < 5 ? 12 : keys < 100 ? 4 : 1;
      for (let seed = 0; seed < seeds; seed++) {
        const problem = rowOfKind(kind, { seed: seed * 31 + keys, storage, keys });
        for (const splitKeys of keys < 5 ? [keys, 1] : [keys, 33]) {
          yield { problem, cut: { seed, splitKeys, blockKeys: keys > 50 ? 16 : 1 } };
        }
      }
    }
  }
}

function judge(
  { problem, cut }: Trial,
  o: { computed: Arithmetic; declared: Arithmetic; wrong?: Partial<EmulatorOptions> },
) {
  const { output, logSumExp } = emulateAttention(problem, o.computed, { ...cut, ...o.wrong });
  return compareWithOracle({ problem, output, logSumExp, arithmetic: [o.declared] });
}

/** Whether some row tells the wrong kernel from a right one. */
function isCaught(
  storage: StorageType,
  o: { computed: Arithmetic; declared: Arithmetic; wrong?: Partial<EmulatorOptions> },
): boolean {
  for (const trial of trials(storage)) if (!judge(trial, o).ok) return true;
  return false;
}

// This project's programs over int8 and int4 keys; what it adds is known of no other kernel.
const FIXED_QUERY = { name: "fixed query", arithmetic: parseArithmetic({ query: "fixed16" }) };

for (const { name, arithmetic } of [...FIELD_ARITHMETICS, FIXED_QUERY]) {
  for (const storage of STORAGES) {
    Deno.test(`boundRow() holds for "${name}" in ${storage}, and its worst row takes a third`, () => {
      let worst = 0;
      for (const trial of trials(storage)) {
        const verdict = judge(trial, { computed: arithmetic, declared: arithmetic });
        assert.ok(verdict.ok, verdict.message);
        worst = Math.max(worst, verdict.worstBudgetUsed);
      }
      assert.ok(worst > 1 / 3, `the worst row uses ${worst} of the bound`);
    });
  }

  if (arithmetic === FLOAT32_ARITHMETIC) continue;
  Deno.test(`boundRow() is exceeded by "${name}" where nothing was declared`, () => {
    const o = { computed: arithmetic, declared: FLOAT32_ARITHMETIC };
    assert.ok(isCaught("bf16", o) && isCaught("f16", o));
  });
}

/** Faults of arithmetic: what a kernel does that goes beyond its declaration. */
const COARSER: readonly {
  readonly name: string;
  readonly declared: Partial<Arithmetic>;
  readonly computed?: Partial<Arithmetic>;
  readonly wrong?: Partial<EmulatorOptions>;
}[] = [
  {
    name: "weights of two bits less",
    declared: { weights: "storage", sums: "matrix" },
    wrong: { coarser: { weights: 4 } },
  },
  {
    name: "weights that are truncated, where the nearest was declared",
    declared: { weights: "storage", sums: "matrix" },
    computed: { weightRounding: "either" },
  },
  {
    name: "float16 weights that underflow, where they were said to be scaled",
    declared: { weights: "f16", weightScale: 2 ** 11 },
    computed: { weightScale: 2 ** -6 },
  },
  {
    name: "exponentials that err four times as much",
    declared: { exponentialError: 2 ** -11 },
    wrong: { coarser: { exponentials: 4 } },
  },
  {
    name: "a scaled query of two bits less",
    declared: { query: "rescaled" },
    wrong: { coarser: { query: 4 } },
  },
  {
    name: "a query of steps of four times the size",
    declared: { query: "fixed16" },
    wrong: { coarser: { query: 4 } },
  },
  {
    name: "a denominator of rounded weights, where it was said to be unrounded",
    declared: { weights: "tf32", exponentialError: 0 },
    computed: { weights: "bf16", denominator: "rounded" },
  },
  {
    name: "partial outputs in the type of the cache, where float32 was declared",
    declared: { sums: "matrix" },
    computed: { partials: "storage" },
  },
  {
    name: "sums in float16, where float32 was declared",
    declared: { scores: "f16", weights: "f16" },
    computed: { accumulate: "f16" },
  },
  {
    name: "scores in the type of the cache, where float32 was declared",
    declared: { weights: "storage" },
    computed: { scores: "storage" },
  },
];

for (const { name, declared, computed, wrong } of COARSER) {
  Deno.test(`boundRow() is exceeded by ${name}`, () => {
    const right = parseArithmetic(declared);
    const o = { declared: right, computed: { ...right, ...computed } };
    const caught = STORAGES.filter((storage) =>
      isCaught(storage, { ...o, ...(wrong === undefined ? {} : { wrong }) })
    );
    assert.ok(caught.length > 0, "no row tells it from a right kernel");
  });
}

Deno.test("boundRow() counts weights that tie as one rounding, not as independent ones", () => {
  const arithmetic = parseArithmetic({ weights: "tf32" });
  const tied = rowOfKind("tied", { seed: 1, storage: "f16", keys: 2000 });
  const random = rowOfKind("random", { seed: 1, storage: "f16", keys: 2000 });
  const share = (problem: AttentionProblem): number => {
    const { outputBound } = boundRow(problem, FIRST_ROW, { stored: "f32", arithmetic });
    const { outputBound: f32Bound } = boundRow(problem, FIRST_ROW, { stored: "f32" });
    const values = boundRow(problem, FIRST_ROW, {
      stored: "f32",
      arithmetic: {
        ...arithmetic,
        weightRounding: "either",
      },
    });
    return (outputBound[0] - f32Bound[0]) / (values.outputBound[0] - f32Bound[0]);
  };
  assert.equal(share(tied).toFixed(3), "0.500");
  assert.ok(share(random) < 0.35, `${share(random)}`);
});

Deno.test("boundRow() gives every declared arithmetic the same reference, and no narrower bound", () => {
  for (const storage of STORAGES) {
    const problem = rowOfKind("random", { seed: 3, storage, keys: 40 });
    const f32 = boundRow(problem, FIRST_ROW);
    // This project's programs over int8 and int4 keys; what it adds is known of no other kernel.
    const FIXED_QUERY = { name: "fixed query", arithmetic: parseArithmetic({ query: "fixed16" }) };

    for (const { name, arithmetic } of [...FIELD_ARITHMETICS, FIXED_QUERY]) {
      const row = boundRow(problem, FIRST_ROW, { arithmetic });
      assert.deepEqual(row.output, f32.output);
      assert.equal(row.logSumExp, f32.logSumExp);
      assert.ok(row.outputBound.every((bound, d) => bound >= f32.outputBound[d]), name);
      assert.ok(row.logSumExpBound >= f32.logSumExpBound, name);
    }
  }
});

/** Rows over a cache of codes whose scales are no powers of two. */
function quantisedTrial(seed: number, storage: StorageType, codes: "int8" | "fp8_e4m3") {
  const format = { codes, granularity: "channel", scaleType: "f32" } as const;
  return {
    cut: { seed, splitKeys: 64, blockKeys: 16 },
    problem: randomProblem({
      seed,
      shape: {
        batch: 1,
        queryHeads: 2,
        kvHeads: 1,
        headSize: 64,
        pageSizeTokens: 16,
        pages: 8,
        columns: 8,
        layout: "headwise",
        storage,
        keyFormat: format,
        valueFormat: format,
      },
      queryLengths: [2],
      cachedLengths: [[0, 3, 90][seed % 3]!],
    }),
  };
}

for (const codes of ["int8", "fp8_e4m3"] as const) {
  Deno.test(`boundRow() holds for ${codes} that is rounded to the query's type, where it is declared`, () => {
    const right = parseArithmetic({ dequantised: "storage", weights: "storage" });
    let worst = 0;
    let undeclared = 0;
    for (const storage of STORAGES) {
      for (let seed = 0; seed < 12; seed++) {
        const trial = quantisedTrial(seed, storage, codes);
        const verdict = judge(trial, { computed: right, declared: right });
        assert.ok(verdict.ok, verdict.message);
        worst = Math.max(worst, verdict.worstBudgetUsed);
        const exact = { ...right, dequantised: "f32" as const };
        if (!judge(trial, { computed: right, declared: exact }).ok) undeclared++;
      }
    }
    assert.ok(worst > 1 / 3, `the worst row uses ${worst} of the bound`);
    assert.ok(undeclared > 0, "no row tells it from exact elements");
  });
}
