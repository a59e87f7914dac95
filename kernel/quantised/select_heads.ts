/** The part of a quantised side that belongs to some of its KV heads. */

import type { AttentionShape } from "../problem.ts";
import { BLOCK_ELEMENTS, type QuantisedFormat, rowBytes } from "./quantised_format.ts";
import type { QuantisedTensor } from "./quantised_tensor.ts";

type Elements = Uint8Array | Uint16Array | Int32Array | Float32Array;

/** Copies the parts of some heads out of a tensor of [outer, heads, inner]. */
export function takeHeads<T extends Elements>(
  tensor: T,
  o: { heads: readonly number[]; headCount: number; inner: number },
): T {
  const outer = tensor.length / (o.headCount * o.inner);
  const out = tensor.slice(0, outer * o.heads.length * o.inner) as T;
  for (let i = 0; i < outer; i++) {
    for (let j = 0; j < o.heads.length; j++) {
      const from = (i * o.headCount + o.heads[j]) * o.inner;
      out.set(tensor.subarray(from, from + o.inner), (i * o.heads.length + j) * o.inner);
    }
  }
  return out;
}

/** Copies what some heads need; rows of a pooled tensor are no one's and stay. */
export function selectQuantisedHeads(
  tensor: QuantisedTensor,
  o: { shape: AttentionShape; format: QuantisedFormat; heads: readonly number[] },
): QuantisedTensor {
  const { format, heads } = o;
  const { kvHeads, headSize, pageSizeTokens, layout } = o.shape;
  const take = <T extends Elements>(part: T, inner: number): T =>
    takeHeads(part, { heads, headCount: kvHeads, inner });
  const byRow = <T extends Elements>(part: T, elements: number): T =>
    layout === "pooled" ? part : take(part, pageSizeTokens * elements);
  const { codes, scales, zeros, tensorScale } = tensor;
  const takeScales = (part: NonNullable<typeof scales>): typeof part => {
    switch (format.granularity) {
      case "head":
        return take(part, 1);
      case "channel":
        return take(part, headSize);
      case "token":
        return byRow(part, 1);
      case "block":
        return byRow(part, headSize / BLOCK_ELEMENTS);
      default:
        return part;
    }
  };
  return {
    codes: byRow(codes, rowBytes(format, headSize)),
    ...(scales === undefined ? {} : { scales: takeScales(scales) }),
    ...(zeros === undefined ? {} : { zeros: take(zeros, headSize) }),
    ...(tensorScale === undefined ? {} : { tensorScale }),
  };
}
