/**
 * Expectations as sets of acceptable results, exact or inside an error bound, never as a number with a
 * tolerance.
 */
import { Mismatch } from "./outcome.ts";

/**
 * Requires a value to lie in an interval that the error model allows.
 *
 * @param what Name of the value in the failure's message.
 * @param interval What an exact computation gives, and the largest distance from it.
 * @returns Share of the interval that was used.
 * @throws {Mismatch} If the value lies outside, or is no number.
 */
export function requireWithin(
  what: string,
  actual: number,
  { center, radius }: { readonly center: number; readonly radius: number },
): number {
  const distance = Math.abs(actual - center);
  const budgetUsed = distance === 0 ? 0 : distance / radius;
  if (budgetUsed <= 1) return budgetUsed;
  throw new Mismatch(`${what}: expected ${center} ± ${radius}, found ${actual}`, budgetUsed);
}

/**
 * Requires a value to be exactly another; zeros differ by their sign, and NaN is itself.
 *
 * @param what Name of the value in the failure's message.
 * @throws {Mismatch} If it is anything else.
 */
export function requireEqual<T>(what: string, actual: T, expected: T): void {
  if (Object.is(actual, expected)) return;
  throw new Mismatch(`${what}: expected ${show(expected)}, found ${show(actual)}`);
}

/**
 * Requires two arrays of numbers or bits to be the same, element by element.
 *
 * @param what Name of the array in the failure's message.
 * @throws {Mismatch} If lengths or elements differ; the message has the first place.
 */
export function requireSameElements(
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
): void {
  requireEqual(`length of ${what}`, actual.length, expected.length);
  let differing = 0;
  let first = -1;
  for (let index = 0; index < expected.length; index++) {
    if (!Object.is(actual[index], expected[index])) {
      first = first < 0 ? index : first;
      differing++;
    }
  }
  if (differing > 0) {
    throw new Mismatch(
      `${what}[${first}]: expected ${show(expected[first])}, found ${show(actual[first])} ` +
        `(${differing} of ${expected.length} differ)`,
    );
  }
}

/**
 * Requires a condition.
 *
 * @throws {Mismatch} If it does not hold.
 */
export function requireThat(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Mismatch(message);
}

function show(value: unknown): string {
  if (Object.is(value, -0)) return "-0";
  return typeof value === "string" ? `"${value}"` : String(value);
}
