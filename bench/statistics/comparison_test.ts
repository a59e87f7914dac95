import assert from "node:assert/strict";
import { createRandom } from "../../allocator/mod.ts";
import { combineVerdicts, compareMetric, type MetricPairs } from "./comparison.ts";

function metric(o: Partial<MetricPairs>): MetricPairs {
  return {
    metric: "mean TTFT",
    unit: "ms",
    better: "lower",
    baseline: [100, 100, 100, 100],
    candidate: [80, 81, 79, 80],
    threshold: 0.95,
    deterministic: false,
    ...o,
  };
}

Deno.test("compareMetric() passes only when the worse bound clears the threshold", () => {
  const comparison = compareMetric(metric({}));
  assert.equal(comparison.verdict, "PASS");
  assert.ok(comparison.interval!.upper < 0.95 && comparison.interval!.lower < comparison.ratio!);
  assert.equal(comparison.baseline, 100);
  assert.equal(comparison.candidate, 80);
  assert.equal(comparison.pairsToDecide, null);
});

Deno.test("compareMetric() fails when the interval excludes the threshold", () => {
  const comparison = compareMetric(metric({ candidate: [99, 100, 101, 100] }));
  assert.equal(comparison.verdict, "FAIL");
  assert.match(comparison.reason, /misses the demanded at most 0.95/);
});

Deno.test("compareMetric() tells what it could have seen when it is inconclusive", () => {
  const comparison = compareMetric(metric({ candidate: [90, 97, 91, 98] }));
  assert.equal(comparison.verdict, "INCONCLUSIVE");
  assert.ok(comparison.minimumDetectableRatio! < 0.95);
  assert.ok(comparison.pairsToDecide! > 4);
});

Deno.test("compareMetric() judges the other bound when more is better", () => {
  const o = { better: "higher", threshold: 1.3, unit: "tokens/s" } as const;
  assert.equal(compareMetric(metric({ ...o, candidate: [140, 141, 139, 140] })).verdict, "PASS");
  assert.equal(compareMetric(metric({ ...o, candidate: [120, 121, 119, 120] })).verdict, "FAIL");
  const open = compareMetric(metric({ ...o, candidate: [120, 141, 129, 140] }));
  assert.equal(open.verdict, "INCONCLUSIVE");
  assert.ok(open.minimumDetectableRatio! > 1.3);
});

Deno.test("compareMetric() is inconclusive and null when a value is missing", () => {
  for (const missing of [null, 0]) {
    const comparison = compareMetric(metric({ candidate: [80, missing, 80, 80] }));
    assert.equal(comparison.verdict, "INCONCLUSIVE");
    assert.equal(comparison.candidate, null);
    assert.equal(comparison.ratio, null);
    assert.match(comparison.reason, /missing in a run/);
  }
});

Deno.test("compareMetric() needs two pairs unless the clock is deterministic", () => {
  const one = { baseline: [100], candidate: [80] };
  assert.equal(compareMetric(metric(one)).verdict, "INCONCLUSIVE");
  const exact = compareMetric(metric({ ...one, deterministic: true }));
  assert.equal(exact.verdict, "PASS");
  assert.equal(exact.interval?.degenerate, true);
  assert.equal(exact.minimumDetectableRatio, null);
  assert.match(exact.reason, /deterministic/);
  // Exactly on the threshold is reached.
  const edge = { baseline: [100], candidate: [95], deterministic: true };
  assert.equal(compareMetric(metric(edge)).verdict, "PASS");
});

Deno.test("compareMetric() judges nothing when nothing is demanded", () => {
  const comparison = compareMetric(metric({ threshold: null }));
  assert.equal(comparison.verdict, null);
  assert.ok(comparison.interval !== null);
});

Deno.test("compareMetric() needs no equal numbers of runs when they are unpaired", () => {
  const comparison = compareMetric(metric({ candidate: [80, 81, 79], interleaved: false }));
  assert.equal(comparison.verdict, "PASS");
  assert.deepEqual(comparison.pairLogRatios, []);
});

/** Share of verdicts over seeded trials of 8 pairs with 1 % noise on each run. */
function passRate(trueRatio: number, verdict: string): number {
  const random = createRandom(77);
  const noisy = (value: number): number => value * Math.exp(0.01 * random.nextNormal());
  let hits = 0;
  const trials = 1000;
  for (let trial = 0; trial < trials; trial++) {
    const comparison = compareMetric(metric({
      baseline: Array.from({ length: 8 }, () => noisy(100)),
      candidate: Array.from({ length: 8 }, () => noisy(100 * trueRatio)),
    }));
    if (comparison.verdict === verdict) hits++;
  }
  return hits / trials;
}

Deno.test("compareMetric() stays at its nominal error rate at the threshold itself", () => {
  // Two-sided 5 %: 2.5 % on each side, three standard errors are 1.5 %.
  assert.ok(passRate(0.95, "PASS") < 0.04);
  assert.ok(passRate(0.95, "FAIL") < 0.04);
});

Deno.test("compareMetric() never passes A against A", () => {
  assert.equal(passRate(1, "PASS"), 0);
  assert.ok(passRate(1, "FAIL") > 0.99);
});

Deno.test("compareMetric() passes a true gain of 7 % at least four times of five", () => {
  assert.ok(passRate(0.93, "PASS") >= 0.8);
});

Deno.test("combineVerdicts() passes only when all pass", () => {
  assert.equal(combineVerdicts(["PASS", "PASS"]), "PASS");
  assert.equal(combineVerdicts(["PASS", "INCONCLUSIVE"]), "INCONCLUSIVE");
  assert.equal(combineVerdicts(["INCONCLUSIVE", "FAIL"]), "FAIL");
  assert.equal(combineVerdicts([]), "INCONCLUSIVE");
});
