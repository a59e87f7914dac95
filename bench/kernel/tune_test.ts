import assert from "node:assert/strict";
import {
  type AttendTuning,
  defaultTuning,
  MATRIX_TUNINGS,
  TUNING_PARTS,
} from "../../kernel/mod.ts";
import { builtinCase } from "./test_support.ts";
import { defaultCaseTuning, searchMatrixTuning, searchTuning, tuningKey } from "./tune.ts";

const TARGET = { subgroupSize: 32, dialect: "naga", isCompact: false } as const;
const START = defaultTuning(TARGET);

/** A valley whose lowest point is the given tuning. */
function valley(lowest: AttendTuning): (tuning: AttendTuning) => number {
  return (tuning) =>
    TUNING_PARTS.reduce(
      (sum, part) => sum + Math.abs(Math.log2(tuning[part] / lowest[part])),
      0,
    );
}

Deno.test("searchTuning() finds the lowest point from the default on", async () => {
  const lowest: AttendTuning = { ...defaultTuning(TARGET), subgroups: 8, valuesInFlight: 2 };
  const measure = valley(lowest);
  const found = await searchTuning({
    target: TARGET,
    start: START,
    measure: (tuning) => Promise.resolve(measure(tuning)),
  });
  assert.deepEqual(found.tuning, lowest);
  assert.equal(found.gain, Math.exp(measure(defaultTuning(TARGET))));
  assert.equal(found.failure, null);
});

Deno.test("searchTuning() keeps the default when gains are noise", async () => {
  let calls = 0;
  const found = await searchTuning({
    target: TARGET,
    start: START,
    measure: () => Promise.resolve(-0.015 * (calls++ % 2)),
  });
  assert.deepEqual(found.tuning, defaultTuning(TARGET));
  assert.equal(found.gain, 1);
  assert.equal(found.variants, calls);
});

Deno.test("searchTuning() reports variants that are refused, and chooses none of them", async () => {
  const found = await searchTuning({
    target: TARGET,
    start: START,
    measure: ({ subgroups }) =>
      Promise.resolve(subgroups === 4 ? "wrong output" : -subgroups / 100),
  });
  assert.equal(found.tuning.subgroups, 8);
  assert.ok(found.refused.length > 0);
  assert.ok(found.refused.every((text) => /subgroups=4 .*: wrong output$/.test(text)));
});

Deno.test("searchTuning() says why when there is nothing to search", async () => {
  const measure = () => Promise.resolve("too large");
  const refused = await searchTuning({ target: TARGET, start: START, measure });
  assert.deepEqual([refused.failure, refused.gain], ["too large", 1]);
  const portable = await searchTuning({
    target: { ...TARGET, subgroupSize: 0 },
    start: START,
    measure,
  });
  assert.match(portable.failure!, /no fixed subgroup size/);
});

Deno.test("searchMatrixTuning() tries every variant when some are refused", async () => {
  const tried: AttendTuning[] = [];
  const found = await searchMatrixTuning({
    start: defaultTuning(TARGET),
    tunings: MATRIX_TUNINGS,
    measure: (tuning) => {
      tried.push(tuning);
      if (tuning.matrix?.rowFragments === 2) return Promise.resolve("does not compile");
      return Promise.resolve(tuning.matrix?.tileKeys === 32 ? 1 : 2);
    },
  });
  assert.equal(tried.length, MATRIX_TUNINGS.length + 1);
  const tall = MATRIX_TUNINGS.filter(({ rowFragments }) => rowFragments === 2);
  assert.ok(tall.length > 0);
  assert.equal(found.refused.length, tall.length);
  assert.equal(found.tuning.matrix?.tileKeys, 32);
  assert.equal(found.gain, Math.E);
});

Deno.test("searchMatrixTuning() fails when no variant can be timed", async () => {
  const found = await searchMatrixTuning({
    start: defaultTuning(TARGET),
    tunings: MATRIX_TUNINGS,
    measure: () => Promise.resolve("no device"),
  });
  assert.match(found.failure!, /no variant/);
});

Deno.test("tuningKey() tells formats of the cache apart, and rows that fill tiles", () => {
  const names = ["g2-c16", "g2-int8", "g2-int8-head", "g2-int4", "g5-int4"];
  const keys = names.map((name) => tuningKey(builtinCase(`quantised-decode-32x16k-${name}`)));
  keys.push(tuningKey(builtinCase("quantised-prefill-8k-g5-int4")));
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(keys[0], "group=2;head_size=128;storage=f16");
});

Deno.test("defaultCaseTuning() is that of the shape, by what its cache holds", () => {
  const lanes = (name: string) => defaultCaseTuning(TARGET, builtinCase(name)).lanesPerKey;
  assert.equal(lanes("decode-32x16k-g5"), 16);
  assert.equal(lanes("decode-128x8k-g8"), START.lanesPerKey);
});
