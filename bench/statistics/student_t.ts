/** Student's t distribution, from the regularised incomplete beta function. */

/** Lanczos coefficients for g = 7, n = 9. */
const LANCZOS = [
  0.99999999999980993,
  676.5203681218851,
  -1259.1392167224028,
  771.32342877765313,
  -176.61502916214059,
  12.507343278686905,
  -0.13857109526572012,
  9.9843695780195716e-6,
  1.5056327351493116e-7,
];

/** Natural logarithm of the gamma function for x > 0, by Lanczos' approximation. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const shifted = x - 1;
  const t = shifted + 7.5;
  let sum = LANCZOS[0];
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i] / (shifted + i);
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(t) - t + Math.log(sum);
}

/**
 * Regularised incomplete beta function I_x(a, b), by Lentz' evaluation of its continued fraction
 * (Press et al., Numerical Recipes, section 6.4).
 */
export function regularizedIncompleteBeta(x: number, o: { a: number; b: number }): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const { a, b } = o;
  const front = Math.exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x),
  );
  // The fraction converges fast only below the mean; the symmetry covers the other side.
  return x < (a + 1) / (a + b + 2)
    ? front * betaFraction(x, a, b) / a
    : 1 - front * betaFraction(1 - x, b, a) / b;
}

function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const guard = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / guard(1 - (a + b) * x / (a + 1));
  let fraction = d;
  for (let m = 1; m <= 500; m++) {
    const even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guard(1 + even * d);
    c = guard(1 + even / c);
    fraction *= d * c;
    const odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guard(1 + odd * d);
    c = guard(1 + odd / c);
    const factor = d * c;
    fraction *= factor;
    if (Math.abs(factor - 1) < 1e-15) break;
  }
  return fraction;
}

/**
 * Cumulative distribution function of Student's t.
 *
 * @param o Degrees of freedom, above 0.
 * @returns P(T ≤ t).
 */
export function studentTCdf(t: number, o: { degreesOfFreedom: number }): number {
  const v = o.degreesOfFreedom;
  const tail = 0.5 * regularizedIncompleteBeta(v / (v + t * t), { a: v / 2, b: 0.5 });
  return t > 0 ? 1 - tail : tail;
}

/**
 * Quantile of Student's t, by bisection of the distribution function.
 *
 * @param probability In (0, 1).
 * @param o Degrees of freedom, above 0.
 * @returns The t with P(T ≤ t) = probability.
 * @throws {RangeError} When the probability or the degrees of freedom are out of range.
 */
export function studentTQuantile(probability: number, o: { degreesOfFreedom: number }): number {
  if (!(probability > 0 && probability < 1) || !(o.degreesOfFreedom > 0)) {
    throw new RangeError(
      `Cannot take the quantile at "${probability}" with "${o.degreesOfFreedom}" degrees of ` +
        `freedom: the probability must lie in (0, 1) and the degrees above 0`,
    );
  }
  if (probability === 0.5) return 0;
  if (probability < 0.5) return -studentTQuantile(1 - probability, o);
  let low = 0;
  let high = 1;
  while (studentTCdf(high, o) < probability) high *= 2;
  for (let i = 0; i < 200 && high - low > 1e-14 * high; i++) {
    const middle = (low + high) / 2;
    if (studentTCdf(middle, o) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
