/** What single roundings and sums of them cost, by type. */

import type { Arithmetic } from "./arithmetic.ts";
import type { QuantisedFormat } from "./quantised/quantised_format.ts";
import type { StorageType } from "./storage_type.ts";

/** u of float32: half of the spacing above 1. */
export const UNIT_ROUNDOFF = 2 ** -24;
/** What rounds to infinity in float32: half a spacing above its largest number. */
export const FLOAT32_OVERFLOW = 2 ** 128 * (1 - 2 ** -25);
/** What rounds to infinity in float16: half a spacing above 65504. */
export const FLOAT16_OVERFLOW = 65520;
/** λ: sums of independent errors are taken to stay inside λ standard deviations' bound. */
export const CONFIDENCE = 8;

/** What rounding to a type may do to a value. */
export interface Rounding {
  /** Largest relative error of a value in the type's normal range. */
  readonly relative: number;
  /** Largest absolute error of a value below that range. */
  readonly absolute: number;
  /** Whether errors have no preferred sign. */
  readonly isUnbiased: boolean;
}

/** Values that stay in float32 lose what the sums' own bound counts already. */
const NO_ROUNDING: Rounding = { relative: 0, absolute: 0, isUnbiased: true };

/**
 * What rounding to a declared type costs.
 *
 * @param type The type; `storage` is the problem's.
 * @param o The problem's storage type, and whether it rounds to the nearest or to either neighbour.
 */
export function roundingTo(
  type: Arithmetic["weights"],
  o: { readonly storage: StorageType; readonly rounding: Arithmetic["weightRounding"] },
): Rounding {
  const isUnbiased = o.rounding === "nearest";
  const widened = isUnbiased ? 1 : 2;
  switch (type === "storage" ? o.storage : type) {
    case "f32":
      return NO_ROUNDING;
    case "tf32":
      return { relative: widened * 2 ** -11, absolute: 0, isUnbiased };
    case "bf16":
      return { relative: widened * 2 ** -8, absolute: 0, isUnbiased };
    case "f16":
      // Either neighbour may be 0 for all that is below the smallest normal number.
      return {
        relative: widened * 2 ** -11,
        absolute: isUnbiased ? 2 ** -25 : 2 ** -14,
        isUnbiased,
      };
  }
}

/**
 * What an element of a side costs that is rounded between its code and its product. Equal codes round
 * alike, so such errors have no mean of zero.
 */
export function dequantisedRounding(
  a: Arithmetic,
  storage: StorageType,
  format: QuantisedFormat | undefined,
): Rounding {
  return format === undefined || a.dequantised === "f32"
    ? NO_ROUNDING
    : roundingTo("storage", { storage, rounding: "nearest" });
}

/** Relative error that n float32 roundings in a row may add up to. */
export function gamma(roundings: number): number {
  const worst = roundings * UNIT_ROUNDOFF / (1 - roundings * UNIT_ROUNDOFF);
  const likely = Math.expm1(
    CONFIDENCE * Math.sqrt(roundings) * UNIT_ROUNDOFF +
      roundings * UNIT_ROUNDOFF ** 2 / (1 - UNIT_ROUNDOFF),
  );
  return Math.min(worst, likely);
}

/** Relative error of a matrix unit's sum of n products. */
export function matrixGamma(products: number): number {
  return 4 * UNIT_ROUNDOFF * (products / 4 + 4);
}

/**
 * Relative error of a sum over n keys in float16, in the worst case: a sum that has grown stops to take
 * equal terms, so its errors have no mean of zero. Past a thousand terms nothing may be left.
 */
export function float16Gamma(keys: number): number {
  // Each term: its product, the sums and rescalings after it, and a merge of two more.
  const roundings = keys + Math.min(2 * Math.ceil(Math.log2(keys + 1)), keys - 1) + 2;
  const product = roundings * 2 ** -11;
  return product < 0.5 ? product / (1 - product) : 1;
}

/**
 * Roundings of one dequantised element: its scale, a block's with the tensor's, and what a scale taken
 * out of the sum costs. Codes minus zero points are exact.
 */
export function dequantisationRoundings(format: QuantisedFormat | undefined): number {
  return format === undefined ? 0 : 3;
}

/** Exponentials that a weight is built of: its own, one for each growth of the maximum, and merges. */
export function exponentialsInChain(keys: number): number {
  return Math.min(4 + 2 * Math.ceil(Math.log2(keys + 1)), keys + 3);
}
