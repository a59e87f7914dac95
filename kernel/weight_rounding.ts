/** What rounding the softmax weights costs each output element. Derived in docs/arithmetic.md. */

import type { Arithmetic } from "./arithmetic.ts";
import type { RowWeights } from "./oracle_direct.ts";
import { CONFIDENCE, roundingTo } from "./rounding_model.ts";
import type { StorageType } from "./storage_type.ts";

/** [D] values of the i-th visible key; the array may be used again by the next call. */
export type ReadValues = (i: number) => ArrayLike<number>;

/** Weights and values of one row, and what they add up to. */
export interface WeightedValues {
  /** Scores and weights. */
  readonly weighed: RowWeights;
  /** Values of visible key i. */
  readonly readValues: ReadValues;
  /** [D], Σ p v. */
  readonly output: Float64Array;
}

/** Largest softmax weight of a row, a learned sink's included. */
export function largestWeight({ weights, scores, largestScore }: RowWeights): number {
  let largest = 0;
  let score = -Infinity;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] > largest) largest = weights[i];
    if (scores[i] > score) score = scores[i];
  }
  return largest * Math.exp(Math.min(700, largestScore - score));
}

/**
 * Keys in groups whose weights round alike. Equal scores give equal weights, and weights closer than
 * their type's spacing fall to the same neighbour: their errors have one sign and add up.
 */
function keysRoundedAlike(
  scores: Float64Array,
  spacing: number,
): { readonly order: Uint32Array; readonly isFirst: Uint8Array } {
  const order = Uint32Array.from(scores, (_, i) => i).sort((a, b) => scores[a] - scores[b]);
  const isFirst = new Uint8Array(order.length);
  let begin = -Infinity;
  order.forEach((key, i) => {
    if (scores[key] - begin <= spacing) return;
    begin = scores[key];
    isFirst[i] = 1;
  });
  return { order, isFirst };
}

/**
 * Largest error that rounded weights bring into each output element.
 *
 * @returns [D] absolute errors; 0 where weights stay in float32.
 */
export function weightRoundingBound(
  { weighed, readValues, output }: WeightedValues,
  o: { readonly arithmetic: Arithmetic; readonly storage: StorageType },
): Float64Array<ArrayBuffer> {
  const { weights, scores } = weighed;
  const headSize = output.length;
  const { arithmetic: a, storage } = o;
  const { relative, absolute, isUnbiased } = roundingTo(a.weights, {
    storage,
    rounding: a.weightRounding,
  });
  const bound = new Float64Array(headSize);
  if (relative === 0) return bound;

  // Weights are held against the running maximum's, 1, or are shares of the denominator already.
  const unit = a.normalised === "before" ? 1 : largestWeight(weighed);
  const lost = absolute / a.weightScale * unit;
  const isRounded = a.denominator === "rounded";
  const worst = new Float64Array(headSize);
  const squares = new Float64Array(headSize);
  const together = new Float64Array(headSize);
  const closeTogether = (): void => {
    for (let d = 0; d < headSize; d++) {
      squares[d] += together[d] ** 2;
      together[d] = 0;
    }
  };
  const { order, isFirst } = keysRoundedAlike(scores, 2 * relative);
  order.forEach((key, i) => {
    if (isFirst[i] === 1) closeTogether();
    const loss = Math.min(weights[key], lost);
    const values = readValues(key);
    for (let d = 0; d < headSize; d++) {
      const value = values[d];
      const moved = weights[key] * (isRounded ? value - output[d] : value);
      worst[d] += Math.abs(moved);
      squares[d] += moved ** 2;
      together[d] += moved;
      bound[d] += loss * Math.abs(isRounded ? value - output[d] : value);
    }
  });
  closeTogether();
  for (let d = 0; d < headSize; d++) {
    const likely = isUnbiased ? CONFIDENCE * Math.sqrt(squares[d]) : Infinity;
    bound[d] += relative * Math.min(worst[d], likely);
    if (isRounded) bound[d] /= 1 - relative;
  }
  return bound;
}
