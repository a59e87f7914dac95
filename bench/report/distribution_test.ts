import assert from "node:assert/strict";
import { binEdges, ecdf, histogram, needsLogAxis, quantileOf, sampleOf } from "./distribution.ts";

Deno.test("ecdf() gives the share at or below each distinct value", () => {
  const points = ecdf({ values: [3, 1, 3, 2], weights: [1, 2, 1, 0] }, { maxPoints: 10 });
  assert.deepEqual(points, [{ value: 1, share: 0.5 }, { value: 3, share: 1 }]);
  assert.deepEqual(ecdf(sampleOf([null]), { maxPoints: 10 }), []);
});

Deno.test("ecdf() keeps exact points, both ends among them, when there are too many", () => {
  const values = Array.from({ length: 1000 }, (_, i) => i + 1);
  const points = ecdf(sampleOf(values), { maxPoints: 7 });
  assert.equal(points.length, 7);
  assert.deepEqual([points[0].value, points[6].value, points[6].share], [1, 1000, 1]);
  for (const { value, share } of points) assert.ok(Math.abs(share - value / 1000) < 1e-12);
});

Deno.test("histogram() counts every value once, on the edges too", () => {
  const edges = binEdges([0, 4], { bins: 4, isLog: false });
  assert.deepEqual(edges, [0, 1, 2, 3, 4]);
  const sample = { values: [0, 1, 1.5, 4], weights: [1, 1, 1, 5] };
  assert.deepEqual(histogram(sample, edges), [1 / 8, 2 / 8, 0, 5 / 8]);
  assert.deepEqual(histogram(sampleOf([]), edges), [0, 0, 0, 0]);
});

Deno.test("binEdges() are equally wide in the logarithm when the values spread far", () => {
  assert.ok(needsLogAxis([1, 1000]) && !needsLogAxis([1, 10]) && !needsLogAxis([0, 1000]));
  const edges = binEdges([1, 1000], { bins: 3, isLog: true });
  edges.forEach((edge, i) => assert.ok(Math.abs(edge / 10 ** i - 1) < 1e-12));
  assert.deepEqual(binEdges([7], { bins: 2, isLog: false }), [6.5, 7, 7.5]);
});

Deno.test("quantileOf() is the smallest value that enough are at or below", () => {
  const points = ecdf(sampleOf([10, 20, 30, 40]), { maxPoints: 10 });
  assert.deepEqual([0.25, 0.5, 0.51, 1].map((share) => quantileOf(points, share)), [
    10,
    20,
    30,
    40,
  ]);
  assert.equal(quantileOf([], 0.5), null);
});
