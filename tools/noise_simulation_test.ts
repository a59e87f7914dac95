import assert from "node:assert/strict";
import { createRandom } from "../allocator/mod.ts";
import { type SimulatedGate, simulateGate, simulatePairs } from "./noise_simulation.ts";
import { planLooks } from "../bench/statistics/sequential.ts";

const ONE_PERCENT = { runNoise: 0.01 };

/** Shares of the verdicts over seeded trials, and the mean number of pairs. */
function shares(o: SimulatedGate, trials: number) {
  const random = createRandom(4711);
  const counts = { PASS: 0, FAIL: 0, INCONCLUSIVE: 0 };
  let pairs = 0;
  for (let trial = 0; trial < trials; trial++) {
    const result = simulateGate(random, o);
    counts[result.verdict]++;
    pairs += result.pairs;
  }
  return { pass: counts.PASS / trials, fail: counts.FAIL / trials, pairs: pairs / trials };
}

/** Fails when a share of so many trials lies more than three standard errors off its nominal. */
function assertNominal(share: number, nominal: number, trials: number): void {
  const error = 3 * Math.sqrt(nominal * (1 - nominal) / trials);
  assert.ok(Math.abs(share - nominal) <= error, `${share} is not ${nominal} ± ${error}`);
}

Deno.test("simulatePairs() gives the true ratio when there is no noise", () => {
  const pairs = simulatePairs(createRandom(1), {
    pairs: 2,
    trueRatio: 0.9,
    noise: { runNoise: 0 },
  });
  pairs.candidate.forEach((value, pair) =>
    assert.ok(Math.abs(value / pairs.baseline[pair] - 0.9) < 1e-12)
  );
  assert.ok(Math.abs(pairs.requestMedianLogRatios[0] - Math.log(0.9)) < 1e-12);
});

Deno.test("simulateGate() calls A against A different in 5 of 100 runs", () => {
  const trials = 3000;
  for (const estimator of ["mean", "request-median"] as const) {
    for (const noise of [ONE_PERCENT, { runNoise: 0.01, requestNoise: 0.1 }]) {
      const gate = { plan: 6, trueRatio: 1, threshold: 1, metrics: 1, noise, estimator };
      const { pass, fail } = shares(gate, trials);
      assertNominal(pass + fail, 0.05, trials);
    }
  }
});

Deno.test("simulateGate() stays at its nominal rate when the machine drifts by 5 %", () => {
  const trials = 3000;
  const noise = { runNoise: 0.01, drift: 0.05 };
  const { pass, fail } = shares({ plan: 8, trueRatio: 1, threshold: 1, metrics: 1, noise }, trials);
  // Pairs run forwards and backwards in turn, so drift can widen the interval but not shift it.
  assert.ok(pass + fail <= 0.05 + 3 * Math.sqrt(0.05 * 0.95 / trials), `${pass} + ${fail}`);
});

Deno.test("simulateGate() never passes A against A by the 5 % gate", () => {
  const gate = { plan: 8, trueRatio: 1, threshold: 0.95, metrics: 2, noise: ONE_PERCENT };
  assert.equal(shares(gate, 1000).pass, 0);
});

Deno.test("simulateGate() passes a true gain of 7 % in both metrics four times of five", () => {
  const gate = { plan: 8, trueRatio: 0.93, threshold: 0.95, metrics: 2, noise: ONE_PERCENT };
  assert.ok(shares(gate, 1000).pass >= 0.8);
});

Deno.test("simulateGate() errs no more often when it may stop as soon as it is decided", () => {
  const trials = 1500;
  const plan = planLooks({ firstPairs: 4, maxPairs: 16 });
  const gate = { plan, trueRatio: 0.95, threshold: 0.95, metrics: 1, noise: ONE_PERCENT };
  const { pass, fail } = shares(gate, trials);
  assert.ok(pass <= 0.025 + 3 * Math.sqrt(0.025 * 0.975 / trials), `${pass}`);
  assert.ok(fail <= 0.025 + 3 * Math.sqrt(0.025 * 0.975 / trials), `${fail}`);
});

Deno.test("simulateGate() takes fewer pairs the clearer the verdict is", () => {
  const plan = planLooks({ firstPairs: 4, maxPairs: 32 });
  const of = (trueRatio: number) =>
    shares({ plan, trueRatio, threshold: 0.95, metrics: 2, noise: ONE_PERCENT }, 300);
  const clear = of(0.7);
  assert.ok(clear.pass === 1 && clear.pairs < 8, JSON.stringify(clear));
  const gain = of(0.93);
  assert.ok(gain.pass >= 0.8 && gain.pairs > 4 && gain.pairs < 20, JSON.stringify(gain));
});
