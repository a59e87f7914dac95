import assert from "node:assert/strict";
import { parseFormat } from "../quantised/quantised_format.ts";
import { attendProgram, defaultTuning } from "./specialisation.ts";
import { isAttendTuning, neighbouringTunings, TUNING_AXES, TUNING_PARTS } from "./tuning_axes.ts";

Deno.test("isAttendTuning() accepts the default and refuses what no program has", () => {
  for (const subgroupSize of [4, 8, 32]) {
    const tuning = defaultTuning({ subgroupSize, dialect: "naga", isCompact: subgroupSize < 32 });
    assert.ok(isAttendTuning(tuning, { subgroupSize }), JSON.stringify(tuning));
    assert.ok(!isAttendTuning({ ...tuning, subgroups: 3.5 }, { subgroupSize }));
    assert.ok(!isAttendTuning({ ...tuning, subgroups: "2" }, { subgroupSize }));
    assert.ok(!isAttendTuning({ ...tuning, more: 1 }, { subgroupSize }));
    assert.ok(!isAttendTuning({ ...tuning, lanesPerKey: 2, keysPerGroup: 4 }, { subgroupSize }));
  }
  for (const value of [null, 3, "subgroups", [], {}]) {
    assert.ok(!isAttendTuning(value, { subgroupSize: 32 }));
  }
});

Deno.test("defaultTuning() has what was measured for a shape and a type of codes", () => {
  const target = { subgroupSize: 32, dialect: "naga", isCompact: false } as const;
  const lanesOf = (group: number, headSize: number, format?: string) => {
    const codes = format === undefined ? {} : { keyFormat: parseFormat(format)! };
    const shape = { queryHeads: group * 2, kvHeads: 2, headSize, ...codes };
    const tuning = defaultTuning(target, shape);
    assert.ok(isAttendTuning(tuning, target));
    return `${tuning.rowsOfSubgroup ?? 5} ${tuning.lanesPerKey}x${tuning.keysPerGroup}` +
      (tuning.valuesAhead === true ? " ahead" : "");
  };
  const shapes = [
    lanesOf(5, 128),
    lanesOf(8, 64),
    lanesOf(8, 128),
    lanesOf(5, 64, "int8:head:f32"),
  ];
  assert.deepEqual(shapes, ["5 16x8", "8 8x4", "5 4x2", "5 4x2"]);
  const codes = ["int8:head:f32", "int8:token:f32", "int4", "fp8_e4m3:head:f32", "fp4"];
  assert.deepEqual(codes.map((format) => lanesOf(2, 128, format)), [
    "5 8x2",
    "5 8x2 ahead",
    "5 8x2",
    "5 8x2 ahead",
    "5 4x2",
  ]);
  assert.deepEqual(codes.map((format) => lanesOf(5, 128, format)), [
    "5 8x2 ahead",
    "5 4x2",
    "5 16x4",
    "5 16x4",
    "5 4x2",
  ]);
  assert.equal(lanesOf(8, 128, "fp8_e4m3:head:f32"), "5 8x2 ahead");
  assert.equal(lanesOf(8, 128, "fp4"), "5 16x4");
});

Deno.test("isAttendTuning() takes parts for short steps and for matrices, and no others", () => {
  const tuning = defaultTuning({ subgroupSize: 32, dialect: "naga", isCompact: false });
  const takes = (parts: Record<string, unknown>) =>
    isAttendTuning({ ...tuning, ...parts }, { subgroupSize: 32 });
  const short = { subgroups: 4, mergesInside: true };
  const matrix = { rowFragments: 1, tileKeys: 16 };
  assert.ok(takes({ short: { ...short, lanesPerKey: 4 }, matrix }));
  assert.ok(takes({ matrix: { ...matrix, leastRows: 5 }, rowsOfSubgroup: 8 }));
  assert.ok(takes({ matrix: { ...matrix, codes: true } }));
  assert.ok(!takes({ matrix: { ...matrix, codes: 1 } }));
  assert.ok(!takes({ short: { ...short, lanesPerKey: 3 } }));
  assert.ok(!takes({ short: { ...short, more: 1 } }));
  assert.ok(!takes({ matrix: { ...matrix, leastRows: 0 } }));
  assert.ok(!takes({ matrix: { ...matrix, more: 1 } }));
  assert.ok(!takes({ rowsOfSubgroup: 6 }));
});

Deno.test("neighbouringTunings() varies one part and gives distinct programs", () => {
  const target = { subgroupSize: 32, dialect: "naga", isCompact: false } as const;
  const from = defaultTuning(target);
  assert.deepEqual(Object.keys(TUNING_AXES).sort(), [...TUNING_PARTS].sort());
  const variants = TUNING_PARTS.flatMap((part) =>
    neighbouringTunings(from, { part, subgroupSize: 32 })
  );
  for (const variant of variants) {
    const changed = TUNING_PARTS.filter((part) => variant[part] !== from[part]);
    assert.equal(changed.length, 1);
  }
  const shape = {
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
  } as const;
  const codes = variants.map((tuning) => attendProgram(shape, { target, tuning }).code);
  assert.ok(new Set(codes).size > variants.length / 2);
});
