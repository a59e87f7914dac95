import assert from "node:assert/strict";
import { logGamma, regularizedIncompleteBeta, studentTCdf, studentTQuantile } from "./student_t.ts";

const close = (actual: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);

// Two-sided 95 % and one-sided 80 %, 95 % and 99.5 % points of the printed tables.
const TABLE: readonly [degrees: number, probability: number, t: number][] = [
  [1, 0.975, 12.7062],
  [2, 0.975, 4.30265],
  [3, 0.975, 3.18245],
  [5, 0.975, 2.57058],
  [9, 0.975, 2.26216],
  [30, 0.975, 2.04227],
  [120, 0.975, 1.97993],
  [1, 0.8, 1.37638],
  [5, 0.8, 0.91954],
  [4, 0.95, 2.13185],
  [7, 0.95, 1.89458],
  [10, 0.995, 3.16927],
];

Deno.test("studentTQuantile() gives the printed tables", () => {
  for (const [degreesOfFreedom, probability, t] of TABLE) {
    close(studentTQuantile(probability, { degreesOfFreedom }), t, 6e-5 * t);
  }
});

Deno.test("studentTQuantile() is odd around one half when mirrored", () => {
  for (const degreesOfFreedom of [1, 4.5, 80]) {
    const upper = studentTQuantile(0.9, { degreesOfFreedom });
    assert.equal(studentTQuantile(0.1, { degreesOfFreedom }), -upper);
  }
  assert.equal(studentTQuantile(0.5, { degreesOfFreedom: 3 }), 0);
});

Deno.test("studentTQuantile() refuses what is no probability", () => {
  assert.throws(() => studentTQuantile(1, { degreesOfFreedom: 3 }), /Cannot take the quantile/);
  assert.throws(() => studentTQuantile(0.9, { degreesOfFreedom: 0 }), RangeError);
  assert.throws(() => studentTQuantile(NaN, { degreesOfFreedom: 3 }), RangeError);
});

Deno.test("studentTCdf() equals Cauchy's closed form with one degree of freedom", () => {
  for (const t of [-3, -0.2, 0.7, 12]) {
    close(studentTCdf(t, { degreesOfFreedom: 1 }), 0.5 + Math.atan(t) / Math.PI, 1e-13);
  }
});

Deno.test("studentTCdf() equals the closed form with two degrees of freedom", () => {
  for (const t of [-5, -0.3, 0.4, 9]) {
    close(studentTCdf(t, { degreesOfFreedom: 2 }), 0.5 + t / (2 * Math.sqrt(2 + t * t)), 1e-13);
  }
});

Deno.test("regularizedIncompleteBeta() equals polynomials when parameters are integers", () => {
  // I_x(2, 3) = 6x² − 8x³ + 3x⁴
  for (const x of [0.05, 0.4, 0.95]) {
    close(
      regularizedIncompleteBeta(x, { a: 2, b: 3 }),
      6 * x ** 2 - 8 * x ** 3 + 3 * x ** 4,
      1e-13,
    );
  }
  assert.equal(regularizedIncompleteBeta(0, { a: 2, b: 3 }), 0);
  assert.equal(regularizedIncompleteBeta(1, { a: 2, b: 3 }), 1);
});

Deno.test("logGamma() gives factorials and the root of pi", () => {
  close(logGamma(11), Math.log(3628800), 1e-12);
  close(logGamma(0.5), Math.log(Math.PI) / 2, 1e-13);
  close(logGamma(0.1), Math.log(9.513507698668732), 1e-12);
});
