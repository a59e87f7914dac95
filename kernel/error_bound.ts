/**
 * How far the output of a right kernel may lie from the float64 reference, given how the kernel says
 * that it computes.
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
 *    J = 4 + 2⌈log2(n + 1)⌉: a running maximum over n exchangeable scores grows ln n times; and at
 *    most n + 3.
 * 4. With ε_k the sum of 2 and 3, the weighted mean moves by at most
 *    Σ p_k (e^ε_k − 1)|v_k − o| / (1 − Σ p_k (1 − e^−ε_k)). A learned sink is a key of value 0. A mean
 *    does not leave the values that it is taken over, so it moves by max |v_k − o| at most.
 * 5. Numerator and denominator are sums of n terms with J rescalings: γ(n + J)(Σ p_k|v_k| + |o|). The
 *    division adds 8u|o|; WGSL grants it 2.5 ULP. Weights below 2^−126 may be flushed.
 * 6. Storing rounds to nearest: half the spacing of the storage type at |o| plus all of the above.
 *
 * Of a quantised cache the reference has the dequantised values, exact in float64: scores and sums then
 * count three roundings more, for the factors of an element, and nothing else changes.
 *
 * What a kernel declares replaces or joins these terms. docs/arithmetic.md derives each, with sources:
 * truncating sums in 2 and 5, rounded queries and scores in ε_k, rounded weights beside 4, float16 sums
 * in 5, rounded partial outputs beside 5.
 *
 * Where sums may pass the range of the type that they are kept in, nothing is promised and the bound is
 * Infinity. An element that a visible NaN reaches is NaN, and has no bound but that.
 */

import { type Arithmetic, FLOAT32_ARITHMETIC } from "./arithmetic.ts";
import type { AttentionProblem } from "./problem.ts";
import { type AttendedRow, type QueryRow, type RowWeights, rowWeights } from "./oracle_direct.ts";
import {
  dequantisationRoundings,
  dequantisedRounding,
  exponentialsInChain,
  FLOAT16_OVERFLOW,
  float16Gamma,
  FLOAT32_OVERFLOW,
  gamma,
  matrixGamma,
  roundingTo,
  UNIT_ROUNDOFF,
} from "./rounding_model.ts";
import { scoresMayOverflow, sinkError, weightErrors, weightGrowth } from "./score_errors.ts";
import type { QuantisedFormat } from "./quantised/quantised_format.ts";
import { createRowReader } from "./quantised/quantised_tensor.ts";
import { kvHeadOf } from "./shape.ts";
import { roundingErrorBound, STORAGE_FORMATS } from "./storage_type.ts";
import { largestWeight, type ReadValues, weightRoundingBound } from "./weight_rounding.ts";

/** Reference and error bound of one query row. */
export interface BoundedRow extends AttendedRow {
  /** [D], largest absolute error of each element, stored as the bound was asked for. */
  readonly outputBound: Float64Array<ArrayBuffer>;
  /** Largest absolute error of the log-sum-exp, stored in float32. */
  readonly logSumExpBound: number;
}

/** How the output under test was computed and stored. */
export interface BoundOptions {
  /** `storage`: rounded to the problem's 16-bit type, the default; `f32`: left in float32. */
  readonly stored?: "storage" | "f32";
  /** How it was computed. @default {FLOAT32_ARITHMETIC} */
  readonly arithmetic?: Arithmetic;
}

/** What a row's sums add up to, element by element. */
interface RowSums {
  /** [D], Σ p v. */
  readonly output: Float64Array<ArrayBuffer>;
  /** [D], Σ p |v|. */
  readonly absolute: Float64Array<ArrayBuffer>;
  /** [D], Σ |v|: what a running sum may reach before its maximum grows. */
  readonly reach: Float64Array<ArrayBuffer>;
}

function sumValues(weighed: RowWeights, readValues: ReadValues, headSize: number): RowSums {
  const output = new Float64Array(headSize);
  const absolute = new Float64Array(headSize);
  const reach = new Float64Array(headSize);
  for (let i = 0; i < weighed.weights.length; i++) {
    const values = readValues(i);
    for (let d = 0; d < headSize; d++) {
      const value = values[d];
      const term = weighed.weights[i] * value;
      output[d] += term;
      absolute[d] += Math.abs(term);
      reach[d] += Math.abs(value);
    }
  }
  return { output, absolute, reach };
}

/** What errors of weights move each element by: item 4. */
function movedByWeights(
  weighed: RowWeights,
  o: {
    errors: Float64Array;
    readValues: ReadValues;
    output: Float64Array;
    sink: { share: number; error: number };
  },
): Float64Array<ArrayBuffer> {
  const { output } = o;
  const moved = new Float64Array(output.length);
  const farthest = new Float64Array(output.length);
  const logSum = rowLogSum(weighed);
  let kept = 1;
  for (let i = 0; i < weighed.weights.length; i++) {
    const weight = weighed.weights[i];
    const growth = weightGrowth({
      weight,
      fall: Math.max(0, logSum - weighed.scores[i]),
      error: o.errors[i],
    });
    kept += weight * Math.expm1(-o.errors[i]);
    const values = o.readValues(i);
    for (let d = 0; d < output.length; d++) {
      const distance = Math.abs(values[d] - output[d]);
      moved[d] += growth * distance;
      farthest[d] = Math.max(farthest[d], distance);
    }
  }
  let sinkGrowth = 0;
  if (o.sink.share > 0) {
    sinkGrowth = Math.min(Number.MAX_VALUE, o.sink.share * Math.expm1(o.sink.error));
    kept += o.sink.share * Math.expm1(-o.sink.error);
  }
  return moved.map((sum, d) => {
    const magnitude = Math.abs(output[d]);
    const hull = o.sink.share > 0 ? Math.max(farthest[d], magnitude) : farthest[d];
    return Math.min(hull, (sum + sinkGrowth * magnitude) / Math.max(kept, Number.MIN_VALUE));
  });
}

/** Natural log of the whole denominator, a learned sink included. */
function rowLogSum({ weights, scores, logSumExp }: RowWeights): number {
  let largest = 0;
  for (let i = 1; i < scores.length; i++) if (scores[i] > scores[largest]) largest = i;
  return weights[largest] > 0 ? scores[largest] - Math.log(weights[largest]) : logSumExp;
}

/** A learned sink's part of the denominator, and how far that may be off. */
function sinkOf(
  p: AttentionProblem,
  o: { row: QueryRow; weighed: RowWeights; arithmetic: Arithmetic },
): { share: number; error: number } {
  const sink = p.sinkLogits?.[o.row.queryHead] ?? -Infinity;
  if (sink === -Infinity) return { share: 0, error: 0 };
  const keys = o.weighed.weights.reduce((sum, weight) => sum + weight, 0);
  return { share: Math.max(0, 1 - keys), error: sinkError(o.weighed, sink, o.arithmetic) };
}

/** Relative errors of the numerator's and the denominator's sums over keys: item 5. */
function sumErrors(
  keys: number,
  a: Arithmetic,
  format: QuantisedFormat | undefined,
): { numerator: number; denominator: number } {
  const chain = exponentialsInChain(keys);
  if (a.accumulate === "f16") {
    const both = float16Gamma(keys);
    return { numerator: both, denominator: both };
  }
  const values = dequantisationRoundings(format);
  return {
    numerator: a.sums === "matrix"
      ? matrixGamma(keys) + gamma(chain + values)
      : gamma(keys + chain + values),
    denominator: gamma(keys + chain),
  };
}

function logSumExpBound(
  p: AttentionProblem,
  o: { row: QueryRow; weighed: RowWeights; errors: Float64Array; arithmetic: Arithmetic },
): number {
  const { scores, offsets, logSumExp } = o.weighed;
  if (offsets.length === 0) return 0;
  let moved = 0;
  let largestError = 0;
  for (let i = 0; i < scores.length; i++) {
    const weight = Math.exp(scores[i] - logSumExp);
    moved += weightGrowth({ weight, fall: logSumExp - scores[i], error: o.errors[i] });
    largestError = Math.max(largestError, o.errors[i]);
  }
  const { denominator } = sumErrors(offsets.length, o.arithmetic, undefined);
  const { relative, absolute } = roundingTo(o.arithmetic.weights, {
    storage: p.shape.storage,
    rounding: o.arithmetic.weightRounding,
  });
  const rounded = o.arithmetic.denominator === "rounded"
    ? relative + offsets.length * absolute / o.arithmetic.weightScale
    : 0;
  // WGSL grants log an absolute error of 2^-21 near 1 and 3 ULP elsewhere; a learned sink in the
  // running maximum only shifts the logarithm's argument.
  const sink = p.sinkLogits?.[o.row.queryHead] ?? -Infinity;
  const shift = Math.max(
    Math.abs(o.weighed.largestScore),
    Math.abs(logSumExp),
    sink === -Infinity ? 0 : Math.abs(sink),
  );
  return Math.min(moved, largestError) + denominator / (1 - Math.min(denominator, 0.5)) +
    rounded / (1 - Math.min(rounded, 0.5)) + 2 ** -21 + 12 * UNIT_ROUNDOFF * shift;
}

/**
 * Reference and error bound of one query row. The derivation stands at the head of the file.
 *
 * @param p A problem that `checkProblem` accepts.
 * @param o How the output under test is stored.
 * @returns The float64 row, with a bound for each of its elements.
 */
export function boundRow(p: AttentionProblem, row: QueryRow, o: BoundOptions = {}): BoundedRow {
  const { headSize, storage } = p.shape;
  const head = kvHeadOf(p.shape, row.queryHead);
  const arithmetic = o.arithmetic ?? FLOAT32_ARITHMETIC;
  const weighed = rowWeights(p, row);
  const { offsets, logSumExp } = weighed;
  const readRow = createRowReader(p, "values");
  const readValues: ReadValues = (i) => readRow(offsets[i], head);
  const { output, absolute, reach } = sumValues(weighed, readValues, headSize);
  if (scoresMayOverflow(weighed, p.scale ?? 1 / Math.sqrt(headSize))) {
    const outputBound = output.map((value) => Number.isNaN(value) ? 0 : Infinity);
    return { output, logSumExp, outputBound, logSumExpBound: Infinity };
  }

  const errors = weightErrors(p, weighed, arithmetic);
  const sink = sinkOf(p, { row, weighed, arithmetic });
  const moved = movedByWeights(weighed, { errors, readValues, output, sink });
  const rounded = weightRoundingBound({ weighed, readValues, output }, { arithmetic, storage });
  const sums = sumErrors(offsets.length, arithmetic, p.shape.valueFormat);
  const lost = lostInSums(weighed, arithmetic);
  const element = dequantisedRounding(arithmetic, storage, p.shape.valueFormat);
  const partial = arithmetic.partials === "f32"
    ? { relative: 0, absolute: 0 }
    : roundingTo("storage", { storage, rounding: "nearest" });
  const limit = sumLimit(arithmetic, sums.numerator);
  const { maxFinite } = STORAGE_FORMATS[storage];
  const outputBound = output.map((value, d) => {
    if (!Number.isFinite(value)) return 0;
    if (reach[d] >= limit) return Infinity;
    const magnitude = Math.abs(value);
    const computed = moved[d] + rounded[d] +
      (sums.numerator + partial.relative + element.relative) * absolute[d] +
      sums.denominator * magnitude + element.absolute +
      8 * UNIT_ROUNDOFF * magnitude + lost * (1 + reach[d] + magnitude) +
      (offsets.length > 0 ? partial.absolute : 0);
    if (o.stored === "f32") return computed;
    return computed + roundingErrorBound(storage, Math.min(magnitude + computed, maxFinite));
  });
  return {
    output,
    logSumExp,
    outputBound,
    logSumExpBound: logSumExpBound(p, { row, weighed, errors, arithmetic }),
  };
}

/** What a sum may lose of each term for lack of smaller numbers, the largest weight being 1. */
function lostInSums(weighed: RowWeights, a: Arithmetic): number {
  const keys = weighed.offsets.length;
  if (a.accumulate === "f32") return keys * 2 ** -126 / Math.min(1, a.weightScale);
  return (keys + exponentialsInChain(keys)) * 2 ** -25 * largestWeight(weighed);
}

/** Where a running sum, in units of its largest weight, may pass the range of its type. */
function sumLimit(a: Arithmetic, relativeError: number): number {
  if (a.normalised === "before") return Infinity;
  const overflow = a.accumulate === "f16" ? FLOAT16_OVERFLOW : FLOAT32_OVERFLOW;
  const growth = 1 + relativeError + a.exponentialError;
  return overflow / (growth * a.weightScale * 2 ** a.rescaleThreshold);
}
