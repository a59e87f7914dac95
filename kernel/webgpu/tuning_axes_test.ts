import assert from "node:assert/strict";
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
