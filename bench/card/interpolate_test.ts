import assert from "node:assert/strict";
import { BenchError } from "../result/mod.ts";
import { alongCurve, between, MAX_EXTRAPOLATION, placeOnAxis } from "./interpolate.ts";

const AXIS = [1, 10, 100];

Deno.test("placeOnAxis() finds neighbours in logarithms", () => {
  assert.deepEqual(placeOnAxis(AXIS, 10, "x"), { low: 0, high: 1, share: 1 });
  const { low, high, share } = placeOnAxis(AXIS, Math.sqrt(1000), "x");
  assert.deepEqual([low, high], [1, 2]);
  assert.ok(Math.abs(share - 0.5) < 1e-12);
});

Deno.test("placeOnAxis() holds the ends up to the stated factor and refuses what lies beyond", () => {
  assert.deepEqual(placeOnAxis(AXIS, 100 * MAX_EXTRAPOLATION, "x"), { low: 2, high: 2, share: 0 });
  assert.deepEqual(placeOnAxis(AXIS, 1 / MAX_EXTRAPOLATION, "x"), { low: 0, high: 0, share: 0 });
  for (const outside of [100 * MAX_EXTRAPOLATION + 1, 0.9 / MAX_EXTRAPOLATION]) {
    assert.throws(
      () => placeOnAxis(AXIS, outside, "tokens"),
      (error) => error instanceof BenchError && error.message.includes(`tokens ${outside}`),
    );
  }
});

Deno.test("placeOnAxis() interpolates from an axis that begins with 0", () => {
  assert.deepEqual(placeOnAxis([0, 8], 2, "x"), { low: 0, high: 1, share: 0.25 });
});

Deno.test("alongCurve() is a power law between cells and takes the nearest where one is missing", () => {
  const place = placeOnAxis(AXIS, Math.sqrt(10), "x");
  assert.ok(Math.abs(alongCurve([1, 100, 1], place)! - 10) < 1e-9);
  assert.equal(alongCurve([null, 7, null], place), 7);
  assert.equal(alongCurve([null, null, null], place), null);
  assert.equal(between(3, 3, 0.7), 3);
});
