import assert from "node:assert/strict";
import { CODE_FORMATS, CODE_VALUES, type CodeType, encodeCode, isFiniteCode } from "./code_type.ts";

const CODE_TYPES = Object.keys(CODE_FORMATS) as CodeType[];

/** Values written down by hand from the formats' tables, not computed as the module does. */
const E2M1 = [0, 0.5, 1, 1.5, 2, 3, 4, 6];

/** Magnitudes of a float format by counting up: each step is the spacing of its binade. */
function countedMagnitudes(o: { fractions: number; smallest: number; count: number }): number[] {
  const values = [0];
  let step = o.smallest;
  while (values.length < o.count) {
    const next = values[values.length - 1] + step;
    values.push(next);
    // The first two binades (subnormal and smallest normal) share a spacing.
    if (values.length > 2 * o.fractions && (values.length - 1) % o.fractions === 0) step *= 2;
  }
  return values;
}

const MAGNITUDES = {
  fp8_e4m3: countedMagnitudes({ fractions: 8, smallest: 2 ** -9, count: 0x7f }),
  fp8_e5m2: countedMagnitudes({ fractions: 4, smallest: 2 ** -16, count: 0x7c }),
  fp4_e2m1: E2M1,
} as const;

Deno.test("CODE_VALUES has the value of every code when it is counted up from the smallest", () => {
  for (const type of ["fp8_e4m3", "fp8_e5m2", "fp4_e2m1"] as const) {
    const sign = type === "fp4_e2m1" ? 8 : 0x80;
    for (const [code, magnitude] of MAGNITUDES[type].entries()) {
      assert.equal(CODE_VALUES[type][code], magnitude, `${type} ${code}`);
      assert.equal(CODE_VALUES[type][code | sign], -magnitude, `${type} ${code | sign}`);
    }
  }
  assert.deepEqual(Array.from(CODE_VALUES.int4), Array.from({ length: 16 }, (_, code) => code));
  assert.deepEqual(
    Array.from(CODE_VALUES.int8),
    Array.from(new Int8Array(Uint8Array.from({ length: 256 }, (_, code) => code).buffer)),
  );
});

Deno.test("CODE_VALUES holds what the standards print when the extremes are looked up", () => {
  assert.equal(CODE_VALUES.fp8_e4m3[0x7e], 448);
  assert.equal(CODE_VALUES.fp8_e4m3[0x08], 2 ** -6);
  assert.equal(CODE_VALUES.fp8_e4m3[0x01], 2 ** -9);
  assert.ok(Number.isNaN(CODE_VALUES.fp8_e4m3[0x7f]) && Number.isNaN(CODE_VALUES.fp8_e4m3[0xff]));
  assert.equal(CODE_VALUES.fp8_e5m2[0x7b], 57344);
  assert.equal(CODE_VALUES.fp8_e5m2[0x7c], Infinity);
  assert.equal(CODE_VALUES.fp8_e5m2[0xfc], -Infinity);
  for (const code of [0x7d, 0x7e, 0x7f]) assert.ok(Number.isNaN(CODE_VALUES.fp8_e5m2[code]));
  assert.equal(CODE_VALUES.fp8_e5m2[0x04], 2 ** -14);
  assert.equal(CODE_VALUES.int8[0x80], -128);
});

Deno.test("encodeCode() returns every finite code when given its own value", () => {
  for (const type of CODE_TYPES) {
    for (let code = 0; code < 1 << CODE_FORMATS[type].bits; code++) {
      if (!isFiniteCode(type, code)) continue;
      // Appending gives -127 at most: -128 decodes, and is never written.
      const expected = type === "int8" && code === 0x80 ? 0x81 : code;
      assert.equal(encodeCode(type, CODE_VALUES[type][code]), expected, `${type} ${code}`);
    }
  }
});

/** Finite codes of a type by rising value, without negative zero and without int8's -128. */
function ladder(type: CodeType): number[] {
  const codes: number[] = [];
  for (let code = 0; code < 1 << CODE_FORMATS[type].bits; code++) {
    if (!isFiniteCode(type, code) || Object.is(CODE_VALUES[type][code], -0)) continue;
    if (type === "int8" && code === 0x80) continue;
    codes.push(code);
  }
  return codes.sort((a, b) => CODE_VALUES[type][a] - CODE_VALUES[type][b]);
}

Deno.test("encodeCode() takes the even code at every midpoint and the nearer one beside it", () => {
  for (const type of CODE_TYPES) {
    const codes = ladder(type);
    for (let i = 0; i + 1 < codes.length; i++) {
      const low = CODE_VALUES[type][codes[i]];
      const high = CODE_VALUES[type][codes[i + 1]];
      const middle = (low + high) / 2;
      const even = codes[i] % 2 === 0 ? codes[i] : codes[i + 1];
      const nudge = (high - low) * 2 ** -30;
      // Adding zero takes the sign off a negative zero.
      const value = (x: number): number => CODE_VALUES[type][encodeCode(type, x)] + 0;
      assert.equal(value(middle), CODE_VALUES[type][even], `${type} at ${middle}`);
      assert.equal(value(middle - nudge), low, `${type} below ${middle}`);
      assert.equal(value(middle + nudge), high, `${type} above ${middle}`);
    }
  }
});

Deno.test("encodeCode() saturates when a number lies past the largest, infinity included", () => {
  for (const type of CODE_TYPES) {
    const { largest } = CODE_FORMATS[type];
    for (const value of [largest * 1.01, largest * 1e6, Infinity]) {
      assert.equal(CODE_VALUES[type][encodeCode(type, value)], largest, type);
      const lowest = type === "int4" ? 0 : -largest;
      assert.equal(CODE_VALUES[type][encodeCode(type, -value)], lowest, type);
    }
  }
});

Deno.test("encodeCode() keeps the sign of zero and gives NaN its code where there is one", () => {
  assert.equal(encodeCode("fp8_e4m3", -0), 0x80);
  assert.equal(encodeCode("fp8_e5m2", -(2 ** -40)), 0x80);
  assert.equal(encodeCode("int8", -0), 0);
  assert.equal(encodeCode("fp8_e4m3", NaN), 0x7f);
  assert.equal(encodeCode("int8", NaN), 0);
});
