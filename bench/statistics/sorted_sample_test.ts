import assert from "node:assert/strict";
import fc from "fast-check";
import { createRandom } from "../../allocator/mod.ts";
import { sortSample, valueAtRank } from "./sorted_sample.ts";

/** The value at a rank of a sample, and of the same sample in parts. */
function atRank(values: readonly number[], weights: readonly number[], rank: number): number {
  const whole = valueAtRank([sortSample(values, weights)], "countUpTo", rank);
  const parts = [0, 1, 2].map((part) => {
    const isIn = (_: number, index: number): boolean => index % 3 === part;
    return sortSample(values.filter(isIn), weights.filter(isIn));
  });
  assert.equal(valueAtRank(parts, "countUpTo", rank), whole);
  return whole;
}

/** The sample written out and sorted. */
function writtenOut(values: readonly number[], weights: readonly number[]): number[] {
  return values.flatMap((value, i) => new Array<number>(weights[i]).fill(value))
    .sort((left, right) => left - right);
}

Deno.test("valueAtRank() gives the sorted sample's value at every rank", () => {
  const row = fc.tuple(
    fc.double({ min: -1e3, max: 1e3, noNaN: true }).map((value) => value + 0),
    fc.nat({ max: 3 }),
  );
  fc.assert(fc.property(fc.array(row, { minLength: 1, maxLength: 60 }), (rows) => {
    const [values, weights] = [rows.map(([value]) => value), rows.map(([, weight]) => weight)];
    writtenOut(values, weights).forEach((expected, rank) =>
      assert.equal(atRank(values, weights, rank), expected)
    );
  }));
});

Deno.test("valueAtRank() is exact however the values are spread", () => {
  const random = createRandom(3);
  const shapes: ((i: number) => number)[] = [
    () => random.nextFloat(),
    // Nearly everything in one bucket beside a few far away, and few distinct values.
    (i) => (i % 997 === 0 ? 1e9 * random.nextFloat() : 8 + 1e-3 * random.nextFloat()),
    () => random.nextBelow(3),
    () => 5,
    () => Math.exp(5 * random.nextNormal()),
  ];
  for (const shape of shapes) {
    const values = Array.from({ length: 9000 }, (_, i) => shape(i));
    const weights = values.map(() => random.nextBelow(3));
    const sorted = writtenOut(values, weights);
    for (const share of [0, 0.3, 0.5, 0.9, 0.999]) {
      const rank = Math.floor(share * (sorted.length - 1));
      assert.equal(atRank(values, weights, rank), sorted[rank]);
    }
  }
});

Deno.test("sortSample() holds each value once with how often it occurs, and adds in the sample's order", () => {
  const { values, countUpTo, placesUpTo, sum } = sortSample([3, 1, 3, 2], [1, 4, 2, 0]);
  assert.deepEqual([[...values], [...countUpTo], [...placesUpTo], sum], [
    [1, 3],
    [4, 7],
    [1, 3],
    13,
  ]);
  assert.equal(sortSample([1e16, 1, -1e16], [1, 1, 1]).sum, 1e16 + 1 - 1e16);
});
