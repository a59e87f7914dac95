import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeValue,
  decodeValues,
  decodingTable,
  encodeValue,
  encodeValues,
  roundingErrorBound,
  STORAGE_FORMATS,
  type StorageType,
} from "./storage_type.ts";

const TYPES: readonly StorageType[] = ["bf16", "f16"];

Deno.test("roundingErrorBound() is reached by some values and passed by none when they are stored", () => {
  for (const storage of TYPES) {
    fc.assert(fc.property(
      fc.double({ min: -6e4, max: 6e4, noNaN: true }),
      fc.integer({ min: -30, max: 0 }),
      (mantissa, exponent) => {
        const value = mantissa * 2 ** exponent;
        const error = Math.abs(decodeValue(storage, encodeValue(storage, value)) - value);
        const bound = roundingErrorBound(storage, Math.abs(value));
        assert.ok(error <= bound, `${value} is stored with error ${error}, bound ${bound}`);
      },
    ));
    // Halfway between two stored values: half a step away from either.
    const halfway = storage === "bf16" ? 1 + 2 ** -8 : 1 + 2 ** -11;
    const lost = Math.abs(decodeValue(storage, encodeValue(storage, halfway)) - halfway);
    assert.equal(lost, roundingErrorBound(storage, halfway));
  }
});

Deno.test("roundingErrorBound() steps at powers of two and stops at the smallest normal number", () => {
  assert.equal(roundingErrorBound("f16", 2), 2 ** -10);
  assert.equal(roundingErrorBound("f16", 2 - 2 ** -40), 2 ** -11);
  assert.equal(roundingErrorBound("f16", 2 ** -30), 2 ** -25);
  assert.equal(roundingErrorBound("bf16", 1e39), Infinity);
});

Deno.test("STORAGE_FORMATS names a quiet NaN and the largest finite value of each type", () => {
  for (const storage of TYPES) {
    const { quietNan, maxFinite } = STORAGE_FORMATS[storage];
    assert.ok(Number.isNaN(decodeValue(storage, quietNan)));
    assert.equal(decodeValue(storage, encodeValue(storage, maxFinite)), maxFinite);
    assert.equal(decodeValue(storage, encodeValue(storage, maxFinite) + 1), Infinity);
  }
});

Deno.test("encodeValue() rounds a tie to the even neighbour, upwards and downwards", () => {
  for (
    const [storage, step, one] of [["bf16", 2 ** -7, 0x3f80], ["f16", 2 ** -10, 0x3c00]] as const
  ) {
    for (const sign of [1, -1]) {
      const signBit = sign < 0 ? 0x8000 : 0;
      for (const [halves, expected] of [[1, 0], [3, 2], [5, 2], [7, 4]] as const) {
        const tie = sign * (1 + halves * step / 2);
        assert.equal(encodeValue(storage, tie), signBit | one + expected, `${storage} ${tie}`);
        assert.equal(encodeValues(storage, Float32Array.of(tie))[0], signBit | one + expected);
      }
      const above = sign * (1 + step / 2 + 2 ** -20);
      assert.equal(encodeValue(storage, above), signBit | one + 1);
    }
  }
});

Deno.test("encodeValue() keeps NaN, whatever its payload", () => {
  const bits = Uint32Array.of(0x7fc00000, 0x7f800001, 0xff800001, 0x7fffffff, 0xffffffff);
  const values = new Float32Array(bits.buffer);
  for (const storage of TYPES) {
    for (const stored of encodeValues(storage, values)) {
      assert.ok(Number.isNaN(decodeValue(storage, stored)), `${storage} ${stored.toString(16)}`);
    }
    assert.ok(Number.isNaN(decodeValue(storage, encodeValue(storage, NaN))));
  }
});

Deno.test("decodingTable() agrees with the scalar decoder when indexed by every bit pattern", () => {
  for (const storage of TYPES) {
    const table = decodingTable(storage);
    assert.equal(table.length, 0x10000);
    for (let bits = 0; bits < table.length; bits += 11) {
      assert.equal(table[bits], decodeValue(storage, bits));
    }
  }
});

Deno.test("encodeValues() keeps the type when the two types differ", () => {
  const values = new Float32Array([1.5, -3]);
  for (const storage of TYPES) {
    assert.deepEqual(decodeValues(storage, encodeValues(storage, values)), values);
  }
  assert.notDeepEqual(encodeValues("bf16", values), encodeValues("f16", values));
});
