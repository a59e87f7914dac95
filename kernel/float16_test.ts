import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeFloat16, decodeFloat16Array, encodeFloat16, encodeFloat16Array } from "./float16.ts";

/** The value of float16 bits by the formula of IEEE 754. */
function valueOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0
    ? sign * fraction * 2 ** -24
    : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

Deno.test("decodeFloat16() follows IEEE 754 when given every bit pattern", () => {
  for (let bits = 0; bits < 0x10000; bits++) assert.equal(decodeFloat16(bits), valueOf(bits));
});

Deno.test("encodeFloat16() rounds to the nearest neighbour, ties to even, when a value lies between two", () => {
  for (let bits = 0; bits < 0x7bff; bits += 3) {
    const middle = (valueOf(bits) + valueOf(bits + 1)) / 2;
    const nudge = (valueOf(bits + 1) - valueOf(bits)) * 2 ** -35;
    assert.equal(encodeFloat16(middle), bits % 2 === 0 ? bits : bits + 1);
    assert.equal(encodeFloat16(middle - nudge), bits);
    assert.equal(encodeFloat16(-(middle + nudge)), 0x8000 | (bits + 1));
  }
});

Deno.test("encodeFloat16() keeps NaN, infinities and signed zeros when given them", () => {
  assert.ok(Number.isNaN(decodeFloat16(encodeFloat16(NaN))));
  assert.equal(encodeFloat16(-Infinity), 0xfc00);
  assert.equal(encodeFloat16(65519.99), 0x7bff);
  assert.equal(encodeFloat16(65520), 0x7c00);
  assert.equal(encodeFloat16(-0), 0x8000);
});

Deno.test("encodeFloat16Array() and decodeFloat16Array() give the scalar results when given arrays", () => {
  fc.assert(fc.property(fc.array(fc.float()), (values) => {
    const bits = encodeFloat16Array(new Float32Array(values));
    assert.deepEqual([...bits], values.map(encodeFloat16));
    assert.deepEqual([...decodeFloat16Array(bits)], [...bits].map(decodeFloat16));
    assert.deepEqual(encodeFloat16Array(new Float64Array(values)), bits);
  }));
});
