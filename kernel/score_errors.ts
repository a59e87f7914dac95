/** What computing scores and exponentials costs each softmax weight. Derived in docs/arithmetic.md. */

import type { Arithmetic } from "./arithmetic.ts";
import type { RowWeights } from "./oracle_direct.ts";
import type { AttentionProblem } from "./problem.ts";
import {
  CONFIDENCE,
  dequantisationRoundings,
  dequantisedRounding,
  exponentialsInChain,
  gamma,
  matrixGamma,
  roundingTo,
  UNIT_ROUNDOFF,
} from "./rounding_model.ts";

/** Kernels mask with finite numbers such as −1e30: scores from here on may pass for masked ones. */
const SCORE_LIMIT = 2 ** 96;
/** Hardware that takes float32 factors as tf32 drops 13 bits of each. */
const TF32_TRUNCATION = 2 ** -10;
/** Half of a step of a query in two signed bytes, the largest being 127 · 256 + 127 steps. */
const FIXED_ROUNDING = 1 / (2 * 32639);

/** Error of a score that rounded factors, sums and results bring about. */
function scoreErrors(
  p: AttentionProblem,
  weighed: RowWeights,
  a: Arithmetic,
): Float64Array<ArrayBuffer> {
  const { headSize, storage, keyFormat } = p.shape;
  const others = 4 + dequantisationRoundings(keyFormat);
  const summed = a.sums === "matrix"
    ? matrixGamma(headSize) + gamma(others)
    : gamma(headSize + others);
  // The query, where it is scaled before; and the keys, where they are not stored as 16 bits.
  const truncated = a.scores === "tf32" ? TF32_TRUNCATION * (keyFormat === undefined ? 1 : 2) : 0;
  const query = roundingTo("storage", { storage, rounding: "nearest" });
  const key = dequantisedRounding(a, storage, keyFormat);
  const score = a.scores === "tf32"
    ? roundingTo("f32", { storage, rounding: "nearest" })
    : roundingTo(a.scores, { storage, rounding: "nearest" });
  return weighed.magnitudes.map((magnitude, i) => {
    let error = (summed + truncated + key.relative) * magnitude +
      key.absolute * weighed.querySum;
    if (a.query === "rescaled") {
      const likely = CONFIDENCE * weighed.spreads[i];
      error += query.relative * Math.min(magnitude, likely) +
        query.absolute * Math.LN2 * weighed.keySums[i];
    }
    if (a.query === "fixed16") error += FIXED_ROUNDING * weighed.peakSums[i];
    return error + score.relative * Math.abs(weighed.scores[i]) + score.absolute;
  });
}

/** What a chain of exponentials over a fall of so much in score costs. */
function chainError(o: { keys: number; fall: number; arithmetic: Arithmetic }): number {
  return exponentialsInChain(o.keys) * (o.arithmetic.exponentialError + UNIT_ROUNDOFF) +
    UNIT_ROUNDOFF * (2 + 4 * Math.LOG2E) * o.fall;
}

/** ε_k of every key: how much relative error its softmax weight may carry. */
export function weightErrors(
  p: AttentionProblem,
  weighed: RowWeights,
  arithmetic: Arithmetic,
): Float64Array<ArrayBuffer> {
  const keys = weighed.offsets.length;
  const errors = scoreErrors(p, weighed, arithmetic);
  return errors.map((error, i) =>
    error + chainError({ keys, fall: weighed.largestScore - weighed.scores[i], arithmetic })
  );
}

/** ε of a learned sink's share; its logit is given, and only scaled. */
export function sinkError(weighed: RowWeights, sink: number, arithmetic: Arithmetic): number {
  const fall = weighed.largestScore - sink;
  return chainError({ keys: weighed.offsets.length, fall, arithmetic }) +
    2 * UNIT_ROUNDOFF * Math.abs(sink);
}

/**
 * p·(e^ε − 1), kept finite: a large error of a score that is far below the largest still moves next to
 * nothing, though its weight is 0 in float64 and the factor has no end.
 */
export function weightGrowth(o: { weight: number; fall: number; error: number }): number {
  if (o.error < 1) return o.weight * Math.expm1(o.error);
  const grown = Math.exp(Math.min(300, o.error - o.fall));
  return Math.max(grown - o.weight, 0);
}

/** Whether a score, or a sum on the way to it, may be too large to be told from a masked one. */
export function scoresMayOverflow(weighed: RowWeights, scale: number): boolean {
  const factor = Math.max(Math.LOG2E, 1 / scale);
  return weighed.magnitudes.some((magnitude) => magnitude * factor >= SCORE_LIMIT);
}
