import assert from "node:assert/strict";
import {
  chooseMatrixTuning,
  MATRIX_TUNINGS,
  matrixConstants,
  matrixMapping,
  matrixTuningsOf,
  multiplierOf,
  usesMatrices,
  withTunedMatrices,
} from "./matrix_mapping.ts";
import type { Gpu } from "./gpu.ts";
import { MATRIX_ROWS, TILE_ROWS } from "./item_rows.ts";
import type { AttendSpecialisation, ProgramTarget } from "./program.ts";
import { parseFormat } from "../quantised/quantised_format.ts";
import { attendProgram, defaultTuning } from "./specialisation.ts";

const TARGET = {
  subgroupSize: 32,
  dialect: "tint",
  isCompact: false,
  matrix: { size: 16, workgroupBytes: 49152 },
} as const;

const PREFILL: AttendSpecialisation = {
  queryHeads: 20,
  kvHeads: 4,
  headSize: 128,
  pageSizeTokens: 64,
  layout: "headwise",
  storage: "f16",
  bindings: 1,
  rows: 64,
  maskRanges: false,
  treeMask: false,
  learnedSinks: false,
  logSumExp: false,
};

Deno.test("matrixMapping() keeps every tuning inside the workgroup memory of the adapter", () => {
  for (const headSize of [64, 128, 256]) {
    for (const tuning of matrixTuningsOf(TARGET, { headSize })) {
      const shape = { rows: TILE_ROWS, headSize };
      const { TILE_WORDS, LANES } = matrixMapping(shape, { target: TARGET, tuning })!;
      assert.ok(Number(TILE_WORDS) * 16 <= TARGET.matrix.workgroupBytes);
      assert.equal(Number(LANES) * tuning.rowFragments, TILE_ROWS * 2);
    }
    assert.ok(matrixTuningsOf(TARGET, { headSize }).length > 0);
  }
  const small = { ...TARGET, matrix: { size: 16, workgroupBytes: 32768 } } as const;
  assert.equal(matrixTuningsOf(TARGET, { headSize: 128 }).length, MATRIX_TUNINGS.length);
  assert.equal(matrixTuningsOf(TARGET, { headSize: 256 }).length, MATRIX_TUNINGS.length);
  assert.ok(matrixTuningsOf(small, { headSize: 256 }).length < MATRIX_TUNINGS.length);
  // A shape of a stored case names its formats.
  const quantised = { headSize: 128, keyFormat: "fp8_e4m3" };
  assert.equal(matrixTuningsOf(TARGET, quantised).length, MATRIX_TUNINGS.length);
});

Deno.test("attendProgram() uses matrices for f16 rows of many tokens, and says so in its name", () => {
  const program = attendProgram(PREFILL, { target: TARGET });
  assert.match(
    program.name,
    /;subgroup=32;matrix=16;row_fragments=1;tile_keys=16$/,
  );
  assert.match(program.code, /^enable chromium_experimental_subgroup_matrix;$/m);
  assert.doesNotMatch(program.code, /\/\/#|\$\{/);
  assert.equal(program.workgroupSize, 128);
});

Deno.test("attendProgram() stays with float32 for bf16, few rows, or no matrices", () => {
  const { matrix: _, ...none } = TARGET;
  const others = [
    attendProgram({ ...PREFILL, storage: "bf16" }, { target: TARGET }),
    attendProgram({ ...PREFILL, rows: 5 }, { target: TARGET }),
    attendProgram(PREFILL, { target: none }),
  ];
  for (const { name, code } of others) {
    assert.doesNotMatch(name, /matrix/);
    assert.doesNotMatch(code, /subgroup_matrix/);
  }
});

Deno.test("chooseMatrixTuning() throws for a tuning that does not fit, and never takes another", () => {
  const tuning = { rowFragments: 1, tileKeys: 32 } as const;
  const small = { ...TARGET, matrix: { size: 16, workgroupBytes: 32768 } } as const;
  assert.throws(
    () => chooseMatrixTuning({ rows: 64, headSize: 256 }, { target: small, tuning }),
    /64 rows of 256 elements .*leave the tuning out/,
  );
});

Deno.test("multiplierOf() changes with the rows of a slot", () => {
  const shape = { queryHeads: 20, kvHeads: 4, headSize: 128, storage: "f16" } as const;
  const kinds = [1, 4, 5, 2048].map((queryTokens) => multiplierOf(TARGET, { shape, queryTokens }));
  // 5, 20, 25 and many rows: a vector item, several of them, tiles.
  assert.deepEqual(kinds, ["f32", "f32", "matrix", "matrix"]);
  // Ten and fifteen rows are one matrix.
  assert.deepEqual([2, 3].map((queryTokens) => multiplierOf(TARGET, { shape, queryTokens })), [
    "matrix",
    "matrix",
  ]);
});

Deno.test("multiplierOf() gives matrices eight rows, but of 64 elements nine", () => {
  const kinds = (group: number, headSize: number) =>
    multiplierOf(TARGET, {
      shape: { queryHeads: group, kvHeads: 1, headSize, storage: "f16" },
      queryTokens: 1,
    });
  assert.deepEqual([7, 8, 16, 17].map((group) => kinds(group, 128)), [
    "f32",
    "matrix",
    "matrix",
    "f32",
  ]);
  assert.deepEqual([8, 9].map((group) => kinds(group, 64)), ["f32", "matrix"]);
});

Deno.test("withTunedMatrices() lets a tuning say from how many rows on matrices multiply", () => {
  const shape = { queryHeads: 20, kvHeads: 4, headSize: 128, storage: "f16" } as const;
  const gpu = { target: TARGET } as unknown as Gpu;
  const matrix = { rowFragments: 1, tileKeys: 16, leastRows: 5 } as const;
  const tuned = withTunedMatrices(gpu, { ...defaultTuning(TARGET), matrix });
  assert.equal(multiplierOf(tuned.target, { shape, queryTokens: 1 }), "matrix");
  assert.equal(withTunedMatrices(gpu, defaultTuning(TARGET)), gpu);
});

Deno.test("usesMatrices() takes codes that f16 hold with their scales", () => {
  const gpu = { target: TARGET } as unknown as Gpu;
  const matrix = { rowFragments: 1, tileKeys: 16, codes: false } as const;
  const { target } = withTunedMatrices(gpu, { ...defaultTuning(TARGET), matrix });
  const uses = (keys: string, values: string, rows: number, by: ProgramTarget = TARGET): boolean =>
    usesMatrices({
      ...PREFILL,
      rows,
      keyFormat: parseFormat(keys)!,
      valueFormat: parseFormat(values)!,
    }, by);
  for (const rows of [MATRIX_ROWS, TILE_ROWS]) {
    assert.ok(uses("fp8_e4m3:head:f32", "int8:channel:f32", rows));
    assert.ok(uses("fp4", "fp8_e5m2:tensor:bf16", rows));
    assert.ok(!uses("int8:channel:f32", "int8:head:f32", rows));
    assert.ok(!uses("int8:head:f32", "int8:token:f32", rows));
    assert.ok(!uses("int4", "int8:head:f32", rows));
    assert.ok(!uses("fp8_e4m3:head:f32", "fp8_e4m3:head:f32", rows, target));
  }
  assert.ok(!uses("fp4", "fp4", 5));
});

Deno.test("matrixConstants() has lanes load 16 bytes, and fewer where a tile has no more", () => {
  const loads = (name: string, rows: number, headSize = 128): unknown[] => {
    const format = parseFormat(name)!;
    const s = { ...PREFILL, rows, headSize, keyFormat: format, valueFormat: format };
    const tuning = { rowFragments: 1, tileKeys: 16 } as const;
    const { KEY_ELEMENTS, KEY_LOADS, VALUE_LOADS, KEY_UNIT } = matrixConstants(s, {
      target: TARGET,
      tuning,
    });
    return [KEY_ELEMENTS, KEY_LOADS, VALUE_LOADS, KEY_UNIT];
  };
  assert.deepEqual(loads("int8:head:f32", MATRIX_ROWS), [16, 4, 4, 1]);
  assert.deepEqual(loads("fp8_e4m3:head:f32", MATRIX_ROWS), [16, 4, 4, 256]);
  assert.deepEqual(loads("fp4", MATRIX_ROWS), [32, 2, 2, 256]);
  assert.deepEqual(loads("fp4", TILE_ROWS), [16, 1, 1, 256]);
  assert.deepEqual(loads("fp8_e4m3:head:f32", TILE_ROWS, 64), [8, 1, 1, 256]);
});

Deno.test("attendProgram() gives a few rows to one subgroup, whatever suits a tile", () => {
  for (const tuning of matrixTuningsOf(TARGET, { headSize: 128 })) {
    const program = attendProgram({ ...PREFILL, rows: MATRIX_ROWS }, {
      target: TARGET,
      tuning: { ...defaultTuning(TARGET), matrix: tuning },
    });
    assert.equal(program.workgroupSize, 32);
    assert.match(
      program.name,
      new RegExp(`row_fragments=1;tile_keys=${tuning.tileKeys};ahead$`),
    );
  }
});
