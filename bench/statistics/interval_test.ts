import assert from "node:assert/strict";
import { createRandom } from "../../allocator/mod.ts";
import { detectableMargin, pairedInterval, pairsToDecide, unpairedInterval } from "./interval.ts";

const close = (actual: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);

Deno.test("pairedInterval() gives the textbook interval", () => {
  // Mean 2, s = √2.5, K = 5: 2 ± 2.776445·√2.5 / √5
  const estimate = pairedInterval([0, 1, 2, 3, 4], { deterministic: false });
  assert.ok(estimate !== null);
  close(estimate.lower, 2 - 2.776445 * Math.sqrt(0.5), 1e-5);
  close(estimate.upper, 2 + 2.776445 * Math.sqrt(0.5), 1e-5);
  assert.equal(estimate.degenerate, false);
});

Deno.test("pairedInterval() is null when one pair of a measuring clock is all there is", () => {
  assert.equal(pairedInterval([0.1], { deterministic: false }), null);
  assert.equal(pairedInterval([], { deterministic: true }), null);
});

Deno.test("pairedInterval() has no width when the clock is deterministic", () => {
  const estimate = pairedInterval([0.1], { deterministic: true });
  assert.deepEqual(estimate, { mean: 0.1, lower: 0.1, upper: 0.1, deviation: 0, degenerate: true });
});

Deno.test("unpairedInterval() gives Welch's interval", () => {
  // Means 2 and 10, variances 1 and 16 of 3: se = √(17/3), degrees 2.2490, t(0.975) by table 3.88…
  const estimate = unpairedInterval([1, 2, 3], [6, 10, 14]);
  assert.ok(estimate !== null);
  assert.equal(estimate.mean, 8);
  const half = (estimate.upper - estimate.lower) / 2;
  // t lies between its values at 2 and at 3 degrees of freedom.
  assert.ok(half > 3.18245 * Math.sqrt(17 / 3) && half < 4.30265 * Math.sqrt(17 / 3), `${half}`);
  assert.equal(unpairedInterval([1], [6, 10]), null);
});

Deno.test("an interval of times that repeat to the last bit is none, for that is a timer's resolution", () => {
  assert.equal(pairedInterval([0.1, 0.1, 0.1, 0.1], { deterministic: false }), null);
  // Equal ratios of different values differ by rounding.
  const ratios = [80 / 100, 81.6 / 102, 78.4 / 98].map(Math.log);
  assert.equal(pairedInterval(ratios, { deterministic: false }), null);
  assert.equal(unpairedInterval([1, 1], [2, 2]), null);
  assert.notEqual(pairedInterval([0.1, 0.1 + 1e-7], { deterministic: false }), null);
  assert.notEqual(unpairedInterval([1, 1], [2, 2.1]), null);
});

Deno.test("pairedInterval() excludes the truth as rarely as it says", () => {
  const random = createRandom(20);
  for (const pairs of [3, 6, 10]) {
    let outside = 0;
    const trials = 4000;
    for (let trial = 0; trial < trials; trial++) {
      const estimate = pairedInterval(
        Array.from({ length: pairs }, () => 0.02 * random.nextNormal()),
        { deterministic: false },
      )!;
      if (estimate.lower > 0 || estimate.upper < 0) outside++;
    }
    // Nominal 5 %; three standard errors of 4000 trials are 1 %.
    close(outside / trials, 0.05, 0.0105);
  }
});

Deno.test("detectableMargin() names the effect that passes four times of five", () => {
  const random = createRandom(21);
  const [pairs, deviation] = [8, 0.014];
  const truth = -detectableMargin(deviation, pairs);
  let passed = 0;
  const trials = 3000;
  for (let trial = 0; trial < trials; trial++) {
    const ratios = Array.from({ length: pairs }, () => truth + deviation * random.nextNormal());
    if (pairedInterval(ratios, { deterministic: false })!.upper <= 0) passed++;
  }
  close(passed / trials, 0.8, 0.03);
  assert.equal(detectableMargin(0, 8), 0);
});

Deno.test("pairsToDecide() grows as the distance shrinks", () => {
  assert.equal(pairsToDecide(0.01, 1), 2);
  // 1.96·s / √K < s / 5 needs K > 96.
  const many = pairsToDecide(0.01, 0.002);
  assert.ok(many !== null && many > 96 && many < 102, `${many}`);
  assert.equal(pairsToDecide(0.01, 1e-6), null);
});
