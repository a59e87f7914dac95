import assert from "node:assert/strict";
import fc from "fast-check";
import { createRandom } from "../../allocator/mod.ts";
import { createRankSelector } from "./select_rank.ts";

/** The sample written out and sorted. */
function writtenOut(values: readonly number[], weights: readonly number[]): number[] {
  return values.flatMap((value, i) => new Array<number>(weights[i]).fill(value))
    .sort((left, right) => left - right);
}

Deno.test("createRankSelector() gives the sorted sample's value at every rank", () => {
  const row = fc.tuple(fc.double({ min: -1e3, max: 1e3, noNaN: true }), fc.nat({ max: 3 }));
  fc.assert(fc.property(fc.array(row, { minLength: 1, maxLength: 60 }), (rows) => {
    const [values, weights] = [rows.map(([value]) => value), rows.map(([, weight]) => weight)];
    writtenOut(values, weights).forEach((expected, rank) =>
      assert.equal(createRankSelector({ values, weights })(rank), expected)
    );
  }));
});

Deno.test("createRankSelector() is exact when a sample is too long to be sorted", () => {
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
      assert.equal(createRankSelector({ values, weights })(rank), sorted[rank]);
    }
  }
});
