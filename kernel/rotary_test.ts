import assert from "node:assert/strict";
import fc from "fast-check";
import type { Rotary } from "./problem.ts";
import { pairLength, rotaryTable, rotateVector } from "./rotary.ts";

const HEAD_SIZE = 64;
const rotaries: fc.Arbitrary<Rotary> = fc.record({
  style: fc.constantFrom("interleaved" as const, "neox" as const),
  theta: fc.constantFrom(10_000, 500_000, 1_000_000),
  rotaryDimensions: fc.constantFrom(2, 16, 32, 64),
});
const vectors = fc.array(fc.double({ min: -4, max: 4, noNaN: true }), {
  minLength: HEAD_SIZE,
  maxLength: HEAD_SIZE,
}).map((values) => new Float64Array(values));

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

Deno.test("rotateVector() gives scores that depend on the distance alone when both sides turn", () => {
  fc.assert(fc.property(
    fc.record({
      rotary: rotaries,
      query: vectors,
      key: vectors,
      position: fc.nat(2000),
      distance: fc.nat(500),
      shift: fc.nat(5000),
    }),
    ({ rotary, query, key, position, distance, shift }) => {
      const scoreAt = (start: number): number =>
        dot(
          rotateVector(query, { positionTokens: start + distance, rotary }),
          rotateVector(key, { positionTokens: start, rotary }),
        );
      assert.ok(Math.abs(scoreAt(position) - scoreAt(position + shift)) < 1e-8);
    },
  ));
});

Deno.test("rotateVector() keeps pair lengths and what lies past the rotated elements when it turns", () => {
  fc.assert(fc.property(rotaries, vectors, fc.nat(100_000), (rotary, vector, positionTokens) => {
    const rotated = rotateVector(vector, { positionTokens, rotary });
    assert.deepEqual(
      rotated.subarray(rotary.rotaryDimensions),
      vector.subarray(rotary.rotaryDimensions),
    );
    for (let element = 0; element < HEAD_SIZE; element++) {
      const before = pairLength(vector, { element, rotary });
      assert.ok(Math.abs(pairLength(rotated, { element, rotary }) - before) < 1e-12);
    }
  }));
});

Deno.test("rotateVector() pairs elements by style when styles differ", () => {
  const vector = Float64Array.from({ length: 8 }, (_, i) => i + 1);
  const rotary = { theta: 100, rotaryDimensions: 4 };
  const at = { positionTokens: 3 };
  const turn = (a: number, b: number, angle: number): [number, number] => [
    a * Math.cos(angle) - b * Math.sin(angle),
    b * Math.cos(angle) + a * Math.sin(angle),
  ];
  // Pair 1 of R = 4 turns by position · 100^(-2/4).
  const interleaved = rotateVector(vector, { ...at, rotary: { ...rotary, style: "interleaved" } });
  const expected = [...turn(1, 2, 3), ...turn(3, 4, 0.3), 5, 6, 7, 8];
  interleaved.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1e-14));
  const neox = rotateVector(vector, { ...at, rotary: { ...rotary, style: "neox" } });
  const [first, third] = turn(1, 3, 3);
  const [second, fourth] = turn(2, 4, 0.3);
  [first, second, third, fourth, 5, 6, 7, 8].forEach((value, i) =>
    assert.ok(Math.abs(neox[i] - value) < 1e-14)
  );
  const none = rotateVector(vector, { ...at, rotary: { ...rotary, style: "none" } });
  assert.deepEqual(none, vector);
});

Deno.test("rotaryTable() rounds float64 angles once when positions are far", () => {
  const rotary: Rotary = { style: "neox", theta: 10_000, rotaryDimensions: 64 };
  const position = 131_071;
  const { cosines, sines } = rotaryTable(rotary, new Int32Array([0, position]));
  assert.equal(cosines.length, 2 * 32);
  const angle = position * 10_000 ** (-2 * 5 / 64);
  assert.equal(cosines[32 + 5], Math.fround(Math.cos(angle)));
  assert.equal(sines[32 + 5], Math.fround(Math.sin(angle)));
  // The same angle in float32 arithmetic is off by far more than a rounding.
  const single = Math.fround(position * Math.fround(10_000 ** (-2 * 5 / 64)));
  assert.ok(Math.abs(Math.cos(single) - cosines[32 + 5]) > 1e-5);
  assert.equal(rotaryTable({ ...rotary, style: "none" }, new Int32Array([7])).sines.length, 0);
});
