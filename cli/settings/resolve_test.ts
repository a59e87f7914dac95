import assert from "node:assert/strict";
import fc from "fast-check";
import { resolveSettings, type SettingSources, variablesOf } from "./resolve.ts";
import { SettingError } from "./setting.ts";
import { parseRatio, parseSwitch, wholeNumber } from "./parsers.ts";

const TABLE = {
  pairs: { brief: "Pairs", placeholder: "N", defaultValue: 7, parse: wholeNumber({ min: 0 }) },
  ratio: {
    brief: "Ratio",
    placeholder: "R",
    defaultValue: null,
    defaultText: "the fixture's",
    parse: parseRatio,
    foreignVariable: "FD_T53_HEAD_WISE_SWA_RATIO",
  },
  enforce: { brief: "Enforce", defaultValue: false, parse: parseSwitch },
};

const NOTHING: SettingSources = { flags: {}, environment: {}, file: {} };

Deno.test("resolveSettings() takes the strongest source that has a value, for every mix", () => {
  fc.assert(fc.property(fc.boolean(), fc.boolean(), fc.boolean(), (flag, variable, file) => {
    const { values, origins } = resolveSettings(TABLE, {
      flags: flag ? { pairs: "1" } : {},
      environment: variable ? { HEADWISE_PAIRS: "2" } : {},
      file: file ? { pairs: { text: "3", origin: { kind: "file", text: "a.yaml:1:1" } } } : {},
    });
    assert.equal(values.pairs, flag ? 1 : variable ? 2 : file ? 3 : 7);
    assert.equal(
      origins.pairs.kind,
      flag ? "flag" : variable ? "environment" : file ? "file" : "default",
    );
  }));
});

Deno.test("resolveSettings() prefers our own variable to the other tool's", () => {
  const theirs = { FD_T53_HEAD_WISE_SWA_RATIO: "0.75" };
  const alone = resolveSettings(TABLE, { ...NOTHING, environment: theirs });
  assert.equal(alone.values.ratio, 0.75);
  assert.equal(alone.origins.ratio.text, "FD_T53_HEAD_WISE_SWA_RATIO");
  const both = resolveSettings(TABLE, {
    ...NOTHING,
    environment: { ...theirs, HEADWISE_RATIO: "0.25" },
  });
  assert.equal(both.values.ratio, 0.25);
});

Deno.test("resolveSettings() counts an empty variable as unset, and says what the default is", () => {
  const { values, origins } = resolveSettings(TABLE, {
    ...NOTHING,
    environment: { HEADWISE_RATIO: "" },
  });
  assert.equal(values.ratio, null);
  assert.deepEqual(origins.ratio, { kind: "default", text: "the fixture's" });
  assert.deepEqual(origins.pairs, { kind: "default", text: "built in" });
});

Deno.test("resolveSettings() takes a switch from a flag without a text", () => {
  const { values } = resolveSettings(TABLE, { ...NOTHING, flags: { enforce: true } });
  assert.equal(values.enforce, true);
});

Deno.test("resolveSettings() names the origin when a value cannot be read", () => {
  assert.throws(
    () => resolveSettings(TABLE, { ...NOTHING, environment: { HEADWISE_PAIRS: "many" } }),
    (error) => {
      assert.ok(error instanceof SettingError);
      assert.equal(error.origin.text, "HEADWISE_PAIRS");
      assert.equal(error.message, "Cannot use 'many': expected a whole number of at least 0");
      return true;
    },
  );
});

Deno.test("resolveSettings() does not read a value that is overruled", () => {
  const { values } = resolveSettings(TABLE, {
    ...NOTHING,
    flags: { pairs: "1" },
    environment: { HEADWISE_PAIRS: "many" },
  });
  assert.equal(values.pairs, 1);
});

Deno.test("variablesOf() lists every variable that the table reads", () => {
  assert.deepEqual(variablesOf(TABLE), [
    "HEADWISE_PAIRS",
    "HEADWISE_RATIO",
    "FD_T53_HEAD_WISE_SWA_RATIO",
    "HEADWISE_ENFORCE",
  ]);
});
