/**
 * How far the output of a right kernel may lie from the float64 reference.
 *
 * Inputs are 16-bit values, exact in float32. With u = 2^−24 and one output element o = Σ p_k v_k:
 *
 * 1. Accumulating n float32 roundings costs a factor 1 ± γ(n). Worst case γ(n) = nu / (1 − nu); with
 *    rounding errors of mean zero, γ(n) = exp(λ√n·u + nu²/(1 − u)) − 1 fails with a probability of
 *    at most 2n·exp(−λ²/2): Higham and Mary, "A new approach to probabilistic rounding error analysis"
 *    (2019). The smaller of the two is used, with λ = 8 (2n · 10^−14).
 * 2. A score is a dot product of D terms, times scale and log2(e), perhaps rounded constants: its
 *    error is at most γ(D + 4)·A_k with A_k = scale·Σ|q||k|. It multiplies the key's weight by
 *    exp(± that).
 * 3. The weight exp(s_k − m) is built by a chain of J exponentials whose arguments add up to
 *    x_k = m − s_k: one for the key, one for each growth of the running maximum after it, one for the
 *    merge of splits. WGSL grants exp2(x) an error of 3 + 2|x| ULP, a ULP being at most 2u:
 *    2u(3J + 2·log2(e)·x_k) together, plus 2u·x_k for the subtractions and u·J for the products.
 *    J = 4 + 2⌈log2(n + 1)⌉: a running maximum over n exchangeable scores grows ln n times.
 * 4. With ε_k the sum of 2 and 3, the weighted mean moves by at most
 *    Σ p_k (e^ε_k − 1)|v_k − o| / (1 − Σ p_k (1 − e^−ε_k)). A learned sink is a key of value 0.
 * 5. Numerator and denominator are sums of n terms with J rescalings: γ(n + J)(Σ p_k|v_k| + |o|). The
 *    division adds 8u|o|; WGSL grants it 2.5 ULP. Weights below 2^−126 may be flushed.
 * 6. Storing rounds to nearest: half the spacing of the storage type at |o| plus all of the above.
 *
 * Of a quantised cache the reference has the dequantised values, exact in float64: scores and sums then
 * count three roundings more, for the factors of an element, and nothing else changes.
 *
 * With matrix arithmetic (`matrix`) two things differ:
 *
 * 7. Matrix units multiply exactly and add blocks of at least four products into the sum, aligned to
 *    the largest of them and truncated: Fasi, Higham, Mikaitis and Pranesh, "Numerical behavior of
 *    NVIDIA tensor cores" (2021). Truncation has no mean of zero, so n products cost 4u(n/4 + 4) of
 *    Σ|terms|, in place of γ in 2 and in the numerator of 5.
 * 8. A weight is stored in f16 before it meets its value, as either neighbour (WGSL leaves it open): a
 *    relative error of 2^−10. The kernel stores weights times 2^11 and keeps the largest of a row at
 *    or above 1 before that, so that what f16 cannot hold, or a driver flushes, lies below 2^−25 of
 *    the row's largest weight. The denominator adds up weights that were not rounded.
 */

import type { AttentionProblem } from "./problem.ts";
import { type AttendedRow, type QueryRow, type RowWeights, rowWeights } from "./oracle_direct.ts";
import type { QuantisedFormat } from "./quantised/quantised_format.ts";
import { createRowReader } from "./quantised/quantised_tensor.ts";
import { roundingErrorBound, STORAGE_FORMATS } from "./storage_type.ts";

const UNIT_ROUNDOFF = 2 ** -24;
const WEIGHT_ROUNDING = 2 ** -10;
const WEIGHT_UNDERFLOW = 2 ** -25;
const CONFIDENCE = 8;

/** Relative error that n float32 roundings in a row may add up to. */
function gamma(roundings: number): number {
  const worst = roundings * UNIT_ROUNDOFF / (1 - roundings * UNIT_ROUNDOFF);
  const likely = Math.expm1(
    CONFIDENCE * Math.sqrt(roundings) * UNIT_ROUNDOFF +
      roundings * UNIT_ROUNDOFF ** 2 / (1 - UNIT_ROUNDOFF),
  );
  return Math.min(worst, likely);
}

/** Relative error of a matrix unit's sum of n products. */
function matrixGamma(products: number): number {
  return 4 * UNIT_ROUNDOFF * (products / 4 + 4);
}

/**
 * Roundings of one dequantised element: its scale, a block's with the tensor's, and what a scale taken
 * out of the sum costs. Codes minus zero points are exact.
 */
function dequantisationRoundings(format: QuantisedFormat | undefined): number {
  return format === undefined ? 0 : 3;
}

function exponentialsInChain(keys: number): number {
  return 4 + 2 * Math.ceil(Math.log2(keys + 1));
}

/** Reference and error bound of one query row. */
export interface BoundedRow extends AttendedRow {
  /** [D], largest absolute error of each element, stored as the bound was asked for. */
  readonly outputBound: Float64Array<ArrayBuffer>;
  /** Largest absolute error of the log-sum-exp, stored in float32. */
  readonly logSumExpBound: number;
}

/** How a kernel multiplies: float32 throughout, or f16 matrices that add up in float32. */
export type Arithmetic = "f32" | "matrix";

/** How the output under test was computed and stored. */
export interface BoundOptions {
  /** `storage`: rounded to the problem's 16-bit type, the default; `f32`: left in float32. */
  readonly stored?: "storage" | "f32";
  /** How it was computed. @default {"f32"} */
  readonly arithmetic?: Arithmetic;
}

/** ε_k of every key: how much relative error its softmax weight may carry. */
function weightErrors(
  p: AttentionProblem,
  weighed: RowWeights,
  arithmetic: Arithmetic,
): Float64Array<ArrayBuffer> {
  const chain = exponentialsInChain(weighed.offsets.length);
  const { headSize } = p.shape;
  const scoreError = arithmetic === "matrix"
    ? matrixGamma(headSize) + gamma(4)
    : gamma(headSize + 4 + dequantisationRoundings(p.shape.keyFormat));
  return weighed.scores.map((score, i) => {
    const fall = weighed.largestScore - score;
    return scoreError * weighed.magnitudes[i] +
      UNIT_ROUNDOFF * (7 * chain + (2 + 4 * Math.LOG2E) * fall);
  });
}

function logSumExpBound(
  p: AttentionProblem,
  o: { row: QueryRow; weighed: RowWeights; errors: Float64Array },
): number {
  const { scores, offsets, logSumExp } = o.weighed;
  if (offsets.length === 0) return 0;
  let moved = 0;
  for (let i = 0; i < scores.length; i++) {
    moved += Math.exp(scores[i] - logSumExp) * Math.expm1(o.errors[i]);
  }
  const terms = gamma(offsets.length + exponentialsInChain(offsets.length));
  // WGSL grants log an absolute error of 2^-21 near 1 and 3 ULP elsewhere; a learned sink in the
  // running maximum only shifts the logarithm's argument.
  const sink = p.sinkLogits === undefined ? 0 : Math.abs(p.sinkLogits[o.row.queryHead]);
  const shift = Math.max(Math.abs(o.weighed.largestScore), Math.abs(logSumExp), sink);
  return moved + terms + 2 ** -21 + 12 * UNIT_ROUNDOFF * shift;
}

/**
 * Reference and error bound of one query row. The derivation stands at the head of the file.
 *
 * @param p A problem that `checkProblem` accepts.
 * @param row The query row.
 * @param o How the output under test is stored.
 * @returns The float64 row, with a bound for each of its elements.
 *
 * @example The bound of a bf16 row lies near half a unit in the last place
 * ```ts
 * import { boundRow, randomProblem, roundingErrorBound } from "@headwise/headwise/kernel";
 * import assert from "node:assert/strict";
 *
 * const problem = randomProblem({
 *   seed: 1,
 *   shape: {
 *     batch: 1, queryHeads: 1, kvHeads: 1, headSize: 64, pageSizeTokens: 16, pages: 8, columns: 8,
 *     layout: "headwise", storage: "bf16",
 *   },
 *   queryLengths: [1],
 *   cachedLengths: [99],
 * });
 * const { output, outputBound } = boundRow(problem, { slot: 0, queryIndex: 0, queryHead: 0 });
 * assert.ok(outputBound[0] >= roundingErrorBound("bf16", Math.abs(output[0])));
 * assert.ok(outputBound[0] < 0.002);
 * ```
 */
export function boundRow(p: AttentionProblem, row: QueryRow, o: BoundOptions = {}): BoundedRow {
  const { headSize, storage, queryHeads, kvHeads } = p.shape;
  const head = Math.floor(row.queryHead / (queryHeads / kvHeads));
  const readValue = createRowReader(p, "values");
  const weighed = rowWeights(p, row);
  const { offsets, weights, logSumExp } = weighed;
  const isMatrix = o.arithmetic === "matrix";
  const errors = weightErrors(p, weighed, o.arithmetic ?? "f32");
  const largestWeight = isMatrix ? weights.reduce((most, w) => Math.max(most, w), 0) : 0;

  const output = new Float64Array(headSize);
  const absolute = new Float64Array(headSize);
  const rounded = new Float64Array(headSize);
  let keyShare = 0;
  let denominatorLoss = 0;
  for (let i = 0; i < offsets.length; i++) {
    keyShare += weights[i];
    denominatorLoss -= weights[i] * Math.expm1(-errors[i]);
    const underflow = Math.min(weights[i], WEIGHT_UNDERFLOW * largestWeight);
    const rounding = isMatrix ? Math.max(WEIGHT_ROUNDING * weights[i], underflow) : 0;
    const row = readValue(offsets[i], head);
    for (let d = 0; d < headSize; d++) {
      const value = row[d];
      const term = weights[i] * value;
      output[d] += term;
      absolute[d] += Math.abs(term);
      rounded[d] += rounding * Math.abs(value);
    }
  }

  const moved = new Float64Array(headSize);
  let largestValue = 0;
  for (let i = 0; i < offsets.length; i++) {
    const growth = weights[i] * Math.expm1(errors[i]);
    const row = readValue(offsets[i], head);
    for (let d = 0; d < headSize; d++) {
      const value = row[d];
      largestValue = Math.max(largestValue, Math.abs(value));
      moved[d] += growth * Math.abs(value - output[d]);
    }
  }
  const chain = exponentialsInChain(offsets.length);
  let sinkGrowth = 0;
  if (p.sinkLogits !== undefined && offsets.length > 0) {
    const sink = p.sinkLogits[row.queryHead];
    const fall = weighed.largestScore - sink;
    const error = UNIT_ROUNDOFF * (7 * chain + 2 * Math.abs(sink) + (2 + 4 * Math.LOG2E) * fall);
    const share = Math.max(0, 1 - keyShare);
    // A sink logit of -Infinity has no share and no error.
    if (share > 0 && Number.isFinite(error)) {
      sinkGrowth = share * Math.expm1(error);
      denominatorLoss -= share * Math.expm1(-error);
    }
  }

  const sums = gamma(offsets.length + chain);
  const products = isMatrix
    ? matrixGamma(offsets.length) + gamma(chain)
    : gamma(offsets.length + chain + dequantisationRoundings(p.shape.valueFormat));
  const flushed = offsets.length * 2 ** -126 * (1 + largestValue);
  const { maxFinite } = STORAGE_FORMATS[storage];
  const outputBound = output.map((value, d) => {
    const magnitude = Math.abs(value);
    const computed = (moved[d] + sinkGrowth * magnitude) / (1 - denominatorLoss) +
      products * absolute[d] + sums * magnitude + rounded[d] + 8 * UNIT_ROUNDOFF * magnitude +
      flushed;
    if (o.stored === "f32") return computed;
    return computed + roundingErrorBound(storage, Math.min(magnitude + computed, maxFinite));
  });
  return {
    output,
    logSumExp,
    outputBound,
    logSumExpBound: logSumExpBound(p, { row, weighed, errors }),
  };
}

/**
 * Error bound of every output element of a problem.
 *
 * @param p A problem that `checkProblem` accepts.
 * @param o How the output under test is stored.
 * @returns [T, Hq, D] absolute errors.
 *
 * @example Float32 outputs get the tighter bound
 * ```ts
 * import { outputErrorBound, randomProblem } from "@headwise/headwise/kernel";
 * import assert from "node:assert/strict";
 *
 * const problem = randomProblem({
 *   seed: 1,
 *   shape: {
 *     batch: 1, queryHeads: 2, kvHeads: 1, headSize: 64, pageSizeTokens: 16, pages: 8, columns: 8,
 *     layout: "headwise", storage: "bf16",
 *   },
 *   queryLengths: [2],
 *   cachedLengths: [50],
 * });
 * const stored = outputErrorBound(problem);
 * const unstored = outputErrorBound(problem, { stored: "f32" });
 * assert.ok(stored.every((bound, i) => bound > unstored[i]));
 * ```
 */
export function outputErrorBound(
  p: AttentionProblem,
  o: BoundOptions = {},
): Float64Array<ArrayBuffer> {
  const { batch, queryHeads, headSize } = p.shape;
  const bounds = new Float64Array(p.queryStarts[batch] * queryHeads * headSize);
  for (let slot = 0; slot < batch; slot++) {
    for (let token = p.queryStarts[slot]; token < p.queryStarts[slot + 1]; token++) {
      const queryIndex = token - p.queryStarts[slot];
      for (let queryHead = 0; queryHead < queryHeads; queryHead++) {
        const { outputBound } = boundRow(p, { slot, queryIndex, queryHead }, o);
        bounds.set(outputBound, (token * queryHeads + queryHead) * headSize);
      }
    }
  }
  return bounds;
}
