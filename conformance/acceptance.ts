/**
 * Expectations as sets of acceptable results, never as a number with a tolerance.
 */
import { Mismatch } from "./outcome.ts";

/** A set of acceptable values. */
export type Acceptance<T> =
  | { readonly kind: "exact"; readonly value: T }
  | { readonly kind: "one-of"; readonly values: readonly T[] }
  | {
    readonly kind: "interval";
    /** The value that an exact computation gives. */
    readonly center: number;
    /** Largest distance from it that the error model allows. */
    readonly radius: number;
  }
  | {
    readonly kind: "invariant";
    /** What must hold, in words. */
    readonly name: string;
    readonly holds: (value: T) => boolean;
  };

/** What an acceptance set says about a value. */
export interface Judgement {
  /** Whether the value is in the set. */
  readonly ok: boolean;
  /** Distance from an interval's center over its radius; null for other sets. */
  readonly budgetUsed: number | null;
  /** What was expected and what was found. */
  readonly message: string;
}

/**
 * Judges one value.
 *
 * @returns Whether the set has it, and how much of an interval it used.
 */
export function judgeValue<T>(acceptance: Acceptance<T>, actual: T): Judgement {
  switch (acceptance.kind) {
    case "exact":
      return {
        ok: Object.is(actual, acceptance.value),
        budgetUsed: null,
        message: `expected ${show(acceptance.value)}, found ${show(actual)}`,
      };
    case "one-of":
      return {
        ok: acceptance.values.some((value) => Object.is(actual, value)),
        budgetUsed: null,
        message: `expected one of ${acceptance.values.map(show).join(", ")}, found ${show(actual)}`,
      };
    case "interval":
      return judgeInterval(acceptance.center, acceptance.radius, Number(actual));
    case "invariant":
      return {
        ok: acceptance.holds(actual),
        budgetUsed: null,
        message: `expected ${acceptance.name}, found ${show(actual)}`,
      };
    default:
      return acceptance satisfies never;
  }
}

/**
 * Requires a value to be in a set.
 *
 * @param what Name of the value in the failure's message.
 * @returns Share of the interval that was used; null for other sets.
 * @throws {Mismatch} If the set does not have the value.
 */
export function requireAccepted<T>(
  what: string,
  acceptance: Acceptance<T>,
  actual: T,
): number | null {
  const judgement = judgeValue(acceptance, actual);
  if (!judgement.ok) {
    throw new Mismatch(`${what}: ${judgement.message}`, judgement.budgetUsed);
  }
  return judgement.budgetUsed;
}

/**
 * Requires a value to be exactly another.
 *
 * @param what Name of the value in the failure's message.
 * @param expected What it must be.
 * @throws {Mismatch} If it is anything else.
 */
export function requireEqual<T>(what: string, actual: T, expected: T): void {
  requireAccepted(what, { kind: "exact", value: expected }, actual);
}

/**
 * Requires two arrays of numbers or bits to be the same, element by element.
 *
 * @param what Name of the array in the failure's message.
 * @param expected What it must be.
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
      `${what}[${first}]: expected ${expected[first]}, found ${actual[first]} ` +
        `(${differing} of ${expected.length} differ)`,
    );
  }
}

/**
 * Requires a condition.
 *
 * @param condition What must hold.
 * @throws {Mismatch} If it does not hold.
 */
export function requireThat(condition: boolean, message: string): asserts condition {
  if (!condition) {
    throw new Mismatch(message);
  }
}

function judgeInterval(center: number, radius: number, actual: number): Judgement {
  const distance = Math.abs(actual - center);
  const budgetUsed = distance === 0 ? 0 : distance / radius;
  return {
    ok: budgetUsed <= 1,
    budgetUsed,
    message: `expected ${center} ± ${radius}, found ${actual}`,
  };
}

function show(value: unknown): string {
  return typeof value === "string" ? `"${value}"` : String(value);
}
