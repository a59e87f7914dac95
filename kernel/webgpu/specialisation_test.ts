import assert from "node:assert/strict";
import type { AttendSpecialisation } from "./program.ts";
import { attendProgram, mergeProgram } from "./specialisation.ts";
import { ITEM_ROWS, itemRowsOf, MATRIX_ROWS } from "./item_rows.ts";
import { rowSizesOf } from "./row_sizes.ts";

/** Sizes that have a program without matrices. */
const ROWS = ITEM_ROWS.filter((rows) => rows !== MATRIX_ROWS);

const SPECIALISATION: AttendSpecialisation = {
  queryHeads: 20,
  kvHeads: 4,
  headSize: 128,
  pageSizeTokens: 64,
  layout: "headwise",
  storage: "bf16",
  bindings: 1,
  rows: 5,
  maskRanges: false,
  treeMask: false,
  learnedSinks: false,
  logSumExp: false,
};
const NAGA = { subgroupSize: 32, dialect: "naga", isCompact: false } as const;

Deno.test("attendProgram() names programs apart when they differ", () => {
  const seen = new Map<string, string>();
  for (const rows of ROWS) {
    for (const headSize of [64, 128]) {
      for (const layout of ["uniform", "headwise", "pooled"] as const) {
        for (const flag of [false, true]) {
          const s = { ...SPECIALISATION, rows, headSize, layout, treeMask: flag };
          const { name, code } = attendProgram(s, { target: NAGA });
          assert.equal(seen.get(name), undefined, name);
          seen.set(name, code);
        }
      }
    }
  }
  assert.equal(new Set(seen.values()).size, seen.size);
});

Deno.test("attendProgram() leaves nothing of the template in the shader", () => {
  for (const rows of ROWS) {
    for (const subgroupSize of [0, 4, 8, 32]) {
      const target = { ...NAGA, subgroupSize };
      const { code } = attendProgram({ ...SPECIALISATION, rows }, { target });
      assert.doesNotMatch(code, /\$\{|\/\/#/);
    }
  }
});

Deno.test("attendProgram() enables subgroups for Tint alone, and only where they are used", () => {
  const tint = { ...NAGA, dialect: "tint" } as const;
  assert.match(attendProgram(SPECIALISATION, { target: tint }).code, /^enable subgroups;/m);
  assert.doesNotMatch(attendProgram(SPECIALISATION, { target: NAGA }).code, /enable subgroups/);
  const portable = attendProgram(SPECIALISATION, { target: { ...tint, subgroupSize: 0 } });
  assert.doesNotMatch(portable.code, /enable subgroups|subgroup[A-Z]/);
});

Deno.test("attendProgram() keeps within the workgroup memory of every adapter", () => {
  for (const headSize of [64, 128, 256]) {
    const sizes = rowSizesOf({ ...SPECIALISATION, headSize }, { target: NAGA });
    for (const rows of new Set(Array.from({ length: 64 }, (_, i) => itemRowsOf(i + 1, sizes)))) {
      const { code } = attendProgram({ ...SPECIALISATION, rows, headSize }, { target: NAGA });
      let bytes = 0;
      for (const [, type, count] of code.matchAll(/var<workgroup> \w+: array<([\w<>]+), (\d+)>/g)) {
        bytes += Number(count) * (type === "vec4<f32>" ? 16 : type === "vec2<f32>" ? 8 : 4);
      }
      assert.ok(bytes > 0 && bytes <= 32_768, `${rows} rows of ${headSize}: ${bytes} bytes`);
    }
  }
});

Deno.test("mergeProgram() gives one program for each storage type, head size and flag", () => {
  const names = new Set<string>();
  for (const storage of ["bf16", "f16"] as const) {
    for (const headSize of [64, 128, 256]) {
      for (const learnedSinks of [false, true]) {
        names.add(mergeProgram({ storage, headSize, learnedSinks, logSumExp: false }).name);
      }
    }
  }
  assert.equal(names.size, 12);
});
