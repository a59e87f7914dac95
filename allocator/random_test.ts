import assert from "node:assert/strict";
import fc from "fast-check";
import { createRandom, shufflePermutation } from "./random.ts";

// An independent xoshiro128** with splitmix32 seeding, over BigInt, in the words of the papers.
function referenceStream(seed: number, count: number): number[] {
  const mask = 0xffffffffn;
  let x = (BigInt(seed >>> 0)) & mask;
  const next = (): bigint => {
    x = (x + 0x9e3779b9n) & mask;
    let z = x ^ (x >> 16n);
    z = (z * 0x21f0aaadn) & mask;
    z ^= z >> 15n;
    z = (z * 0x735a2d97n) & mask;
    return z ^ (z >> 15n);
  };
  const s = [next(), next(), next(), next()];
  const rotate = (v: bigint, k: bigint): bigint => ((v << k) | (v >> (32n - k))) & mask;
  return Array.from({ length: count }, () => {
    const result = (rotate((s[1] * 5n) & mask, 7n) * 9n) & mask;
    const t = (s[1] << 9n) & mask;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 11n);
    return Number(result);
  });
}

Deno.test("createRandom() gives the stream of xoshiro128** when compared with a BigInt form", () => {
  for (const seed of [0, 1, 7, 123456789, 4294967295]) {
    const random = createRandom(seed);
    const stream = Array.from({ length: 50 }, () => random.nextUint32());
    assert.deepEqual(stream, referenceStream(seed, 50));
  }
});

Deno.test("createRandom() gives different streams when only the high half of the seed differs", () => {
  assert.notEqual(createRandom(1).nextUint32(), createRandom(1 + 2 ** 32).nextUint32());
});

Deno.test("createRandom() refuses a seed when it is no safe integer", () => {
  for (const seed of [0.5, NaN, Infinity, 2 ** 53]) {
    assert.throws(() => createRandom(seed), RangeError);
  }
});

Deno.test("nextBelow() stays below the bound and reaches every value", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 9 }), fc.integer(), (n, seed) => {
    const random = createRandom(seed);
    const seen = new Set(Array.from({ length: 400 }, () => random.nextBelow(n)));
    assert.deepEqual([...seen].sort(), Array.from({ length: n }, (_, i) => i));
  }));
});

Deno.test("nextBelow() is uniform when the bound divides 2^32 badly", () => {
  // Without rejection, half of the draws would fall into the lower third.
  const bound = 3 * 2 ** 30;
  const random = createRandom(11);
  let low = 0;
  for (let i = 0; i < 30_000; i++) if (random.nextBelow(bound) < bound / 3) low++;
  assert.ok(Math.abs(low / 30_000 - 1 / 3) < 0.02);
});

Deno.test("nextBelow() refuses a bound when it is outside [1, 2^32]", () => {
  const random = createRandom(1);
  for (const n of [0, -1, 1.5, 2 ** 32 + 1]) assert.throws(() => random.nextBelow(n), RangeError);
  assert.ok(random.nextBelow(2 ** 32) >= 0);
});

Deno.test("fillNormals() gives the numbers that nextNormal() gives, whatever was drawn before", () => {
  const filling = createRandom(5);
  const single = createRandom(5);
  for (const length of [4, 1, 0, 3, 1, 1, 6, 5]) {
    const out = new Float64Array(length);
    filling.fillNormals(out);
    assert.deepEqual([...out], Array.from(out, () => single.nextNormal()));
  }
  assert.equal(filling.nextNormal(), single.nextNormal());
  assert.equal(filling.nextUint32(), single.nextUint32());
});

Deno.test("nextFloat() and nextNormal() have the moments of their distributions", () => {
  const random = createRandom(2024);
  const count = 100_000;
  let floats = 0;
  let normals = 0;
  let squares = 0;
  for (let i = 0; i < count; i++) {
    const float = random.nextFloat();
    assert.ok(float >= 0 && float < 1);
    floats += float;
    const normal = random.nextNormal();
    normals += normal;
    squares += normal * normal;
  }
  assert.ok(Math.abs(floats / count - 0.5) < 0.005);
  assert.ok(Math.abs(normals / count) < 0.015);
  assert.ok(Math.abs(squares / count - 1) < 0.025);
});

Deno.test("shufflePermutation() holds every element once", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 200 }), fc.integer(), (n, seed) => {
    const permutation = shufflePermutation(n, createRandom(seed));
    assert.deepEqual(
      [...permutation].sort((a, b) => a - b),
      Array.from({ length: n }, (_, i) => i),
    );
  }));
});

Deno.test("shufflePermutation() draws all orders of three about equally often", () => {
  const random = createRandom(5);
  const counts = new Map<string, number>();
  for (let i = 0; i < 6000; i++) {
    const key = shufflePermutation(3, random).join();
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  assert.equal(counts.size, 6);
  for (const count of counts.values()) assert.ok(Math.abs(count - 1000) < 150);
});

Deno.test("shufflePermutation() refuses a count when it is no integer in range", () => {
  for (const n of [-1, 0.5, 2 ** 31]) {
    assert.throws(() => shufflePermutation(n, createRandom(1)), RangeError);
  }
});
