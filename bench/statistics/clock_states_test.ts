import assert from "node:assert/strict";
import { createRandom } from "../../allocator/mod.ts";
import { findClockStates } from "./clock_states.ts";

const PAIRS = 8;

/** Two sides in turn, the second 15 % faster; `slowed` says how much slower a run is. */
function series(noise: number, slowed: (order: number) => number, seed: number) {
  const random = createRandom(seed);
  return [1, 0.85].map((base, side) =>
    Array.from({ length: PAIRS }, (_, pair) => {
      const order = 2 * pair + side;
      return { order, value: base * slowed(order) * Math.exp(noise * random.nextNormal()) };
    })
  );
}

Deno.test("findClockStates() finds a boost that ends half way, and how much it was", () => {
  const found = findClockStates(series(0.003, (order) => order < 9 ? 1 : 1.04, 3))!;
  assert.equal(found.fastRuns, 9);
  assert.equal(found.slowRuns, 7);
  assert.ok(Math.abs(found.ratio - 1.04) < 0.01, `${found.ratio}`);
});

Deno.test("findClockStates() takes noise and a slow drift for what they are", () => {
  let found = 0;
  for (let seed = 0; seed < 400; seed++) {
    if (findClockStates(series(0.01, () => 1, seed)) !== null) found++;
  }
  assert.ok(found <= 8, `${found} of 400`);
  assert.equal(findClockStates(series(0.002, (order) => 1 + 0.002 * order, 5)), null);
});

Deno.test("findClockStates() says nothing of few runs, one outlier, or missing times", () => {
  assert.equal(findClockStates([[{ order: 0, value: 1 }, { order: 1, value: 2 }]]), null);
  assert.equal(findClockStates(series(0.002, (order) => order === 4 ? 1.2 : 1, 9)), null);
  assert.equal(findClockStates([[{ order: 0, value: null }]]), null);
});
