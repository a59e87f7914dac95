import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeBfloat16,
  decodeBfloat16Array,
  encodeBfloat16,
  encodeBfloat16Array,
} from "./bfloat16.ts";

Deno.test("encodeBfloat16() gives back every bit pattern when its value is encoded", () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = decodeBfloat16(bits);
    if (Number.isNaN(value)) assert.ok(Number.isNaN(decodeBfloat16(encodeBfloat16(value))));
    else assert.equal(encodeBfloat16(value), bits);
  }
});

Deno.test("encodeBfloat16() rounds to the nearest neighbour, ties to even, when a value lies between two", () => {
  for (let bits = 0; bits < 0x7f7f; bits += 7) {
    const low = decodeBfloat16(bits);
    const high = decodeBfloat16(bits + 1);
    const middle = (low + high) / 2;
    const nudge = (high - low) * 2 ** -40;
    assert.equal(encodeBfloat16(middle), bits % 2 === 0 ? bits : bits + 1);
    assert.equal(encodeBfloat16(middle - nudge), bits);
    assert.equal(encodeBfloat16(middle + nudge), bits + 1);
    assert.equal(encodeBfloat16(-(middle + nudge)), 0x8000 | (bits + 1));
  }
});

Deno.test("encodeBfloat16() keeps NaN, infinities and signed zeros when given them", () => {
  assert.equal(encodeBfloat16(NaN) & 0x7fc0, 0x7fc0);
  assert.equal(encodeBfloat16(Infinity), 0x7f80);
  assert.equal(encodeBfloat16(-Infinity), 0xff80);
  assert.equal(encodeBfloat16(-0), 0x8000);
  assert.equal(encodeBfloat16(Number.MAX_VALUE), 0x7f80);
  assert.equal(encodeBfloat16(Number.MIN_VALUE), 0);
});

Deno.test("encodeBfloat16Array() gives the scalar result when values are float32 or float64", () => {
  fc.assert(fc.property(fc.array(fc.float()), (values) => {
    const expected = values.map(encodeBfloat16);
    assert.deepEqual([...encodeBfloat16Array(new Float32Array(values))], expected);
    assert.deepEqual([...encodeBfloat16Array(new Float64Array(values))], expected);
  }));
});

Deno.test("encodeBfloat16Array() never turns a NaN into an infinity when its payload is low", () => {
  const values = new Float32Array(new Uint32Array([0x7f800001, 0xff80ffff]).buffer);
  for (const bits of encodeBfloat16Array(values)) assert.ok(Number.isNaN(decodeBfloat16(bits)));
});

Deno.test("decodeBfloat16Array() gives the scalar result when given every bit pattern", () => {
  const bits = Uint16Array.from({ length: 0x10000 }, (_, i) => i);
  assert.deepEqual([...decodeBfloat16Array(bits)], [...bits].map(decodeBfloat16));
});
