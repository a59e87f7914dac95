/** What weights in two bytes cost, a few keys sharing a step. Derived in docs/arithmetic.md. */

import type { AttentionProblem } from "./problem.ts";
import { elementScale, sideFormat, sideTensor } from "./quantised/quantised_tensor.ts";
import type { WeightedValues } from "./weight_rounding.ts";

/** Half of a step, the largest being 127 · 256 + 127 steps. */
export const FIXED_ROUNDING = 1 / (2 * 32639);

/**
 * Scales of value tokens, which a kernel may take into the weights.
 *
 * @returns Takes a row's offset in elements and its KV head; 1 where scales belong to anything else.
 */
export function valueTokenScale(
  p: AttentionProblem,
): (offset: number, head: number) => number {
  const format = sideFormat(p.shape, "values");
  if (format?.granularity !== "token" && format?.granularity !== "inline") return () => 1;
  const { headSize } = p.shape;
  const o = { tensor: sideTensor(p, "values")!, format, headSize };
  return (offset, head) => elementScale(o, { row: offset / headSize, head, element: 0 });
}

/**
 * Largest error that such weights bring into each output element: half a step of the largest weight among
 * those that may share one.
 *
 * @param o Keys that share a step at most, and the scale of visible key i's token.
 * @returns [D] absolute errors.
 */
export function fixedWeightBound(
  { weighed, readValues, output }: WeightedValues,
  o: { readonly block: number; readonly scaleOf: (i: number) => number },
): Float64Array<ArrayBuffer> {
  const bound = new Float64Array(output.length);
  if (o.block === 0) return bound;
  const { weights } = weighed;
  const scaled = weights.map((weight, i) => weight * Math.abs(o.scaleOf(i)));
  const reach = o.block - 1;
  // Indices of falling weights, the largest within reach first.
  const falling: number[] = [];
  let begun = 0;
  let end = 0;
  for (let i = 0; i < weights.length; i++) {
    for (; end < Math.min(weights.length, i + reach + 1); end++) {
      while (falling.length > begun && scaled[falling.at(-1)!] <= scaled[end]) falling.pop();
      falling.push(end);
    }
    while (falling[begun] < i - reach) begun++;
    const scale = Math.abs(o.scaleOf(i));
    // A weight that its scale makes 0 has no error.
    if (scale === 0) continue;
    const error = scaled[falling[begun]] * FIXED_ROUNDING / scale;
    const values = readValues(i);
    for (let d = 0; d < output.length; d++) bound[d] += error * Math.abs(values[d]);
  }
  return bound;
}
