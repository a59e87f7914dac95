import assert from "node:assert/strict";
import fc from "fast-check";
import { mean, standardDeviation, summarize, summarizeWeighted } from "./summary.ts";

Deno.test("summarize() gives NumPy's linear quantiles when n is small", () => {
  // numpy.percentile([1, 2, 4, 8, 16], [50, 90, 95, 99]) = 4, 12.8, 14.4, 15.68
  const summary = summarize([16, 1, 8, 2, 4]);
  assert.ok(summary !== null);
  assert.equal(summary.count, 5);
  assert.equal(summary.mean, 6.2);
  assert.equal(summary.p50, 4);
  assert.ok(Math.abs(summary.p90 - 12.8) < 1e-12);
  assert.ok(Math.abs(summary.p95 - 14.4) < 1e-12);
  assert.ok(Math.abs(summary.p99 - 15.68) < 1e-12);
  assert.equal(summary.min, 1);
  assert.equal(summary.max, 16);
});

Deno.test("summarize() tells the 99.9th percentile only when there are 1000 values", () => {
  assert.equal(summarize(new Float64Array(999))?.p999, null);
  assert.equal(summarize(new Float64Array(1000))?.p999, 0);
  const values = Float64Array.from({ length: 1001 }, (_, i) => i);
  assert.equal(summarize(values)?.p999, 999);
});

Deno.test("summarize() is null when nothing was measured", () => {
  assert.equal(summarize([]), null);
  assert.equal(summarizeWeighted([1, 2], [0, 0]), null);
});

Deno.test("summarizeWeighted() equals the sample written out", () => {
  const pair = fc.tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: 0, max: 6 }));
  fc.assert(fc.property(fc.array(pair, { minLength: 1, maxLength: 30 }), (pairs) => {
    const values = pairs.map(([value]) => value);
    const weights = pairs.map(([, weight]) => weight);
    const written = pairs.flatMap(([value, weight]) => Array<number>(weight).fill(value));
    const weighted = summarizeWeighted(values, weights);
    const plain = summarize(written);
    if (plain === null || weighted === null) return assert.equal(weighted, plain);
    for (const key of ["count", "min", "p50", "p90", "p95", "p99", "max"] as const) {
      assert.ok(Math.abs(weighted[key] - plain[key]) < 1e-9, key);
    }
    assert.ok(Math.abs(weighted.mean - plain.mean) < 1e-9);
  }));
});

Deno.test("mean() and standardDeviation() are null when values are missing", () => {
  assert.equal(mean([]), null);
  assert.equal(standardDeviation([3]), null);
  assert.equal(mean([2, 4]), 3);
  assert.equal(standardDeviation([2, 4]), Math.SQRT2);
});
