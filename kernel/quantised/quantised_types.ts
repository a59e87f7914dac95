/** Tensors of a quantised cache, as data. */

export type {
  BlockFormat,
  EightBitFormat,
  QuantisedFormat,
  ScaleType,
  ZeroPointFormat,
} from "../../allocator/mod.ts";

/**
 * What a tensor of scales says of itself, where it comes from outside: what does not agree with the
 * format is refused before a scale is read.
 */
export interface ScaleView {
  /** How each element is stored. */
  readonly type?: string;
  /** Sizes, outermost first. */
  readonly shape?: readonly number[];
  /** Elements from one index to the next, outermost first; row-major where left out. */
  readonly strides?: readonly number[];
}

/** Tensors of one side of a quantised cache. */
export interface QuantisedTensor {
  /** [N, H, P, rowBytes] or [poolPages, P, rowBytes]: codes, 4-bit ones in pairs, the lower index low. */
  readonly codes: Uint8Array;
  /**
   * [1], [H], [H, D], [N, H, P] or [N, H, P, D / 16] by granularity: f32 values, or the bits of 16-bit
   * and e4m3 ones. Left out where scales are inline.
   */
  readonly scales?: Float32Array | Uint16Array | Uint8Array;
  /** What the scales say of themselves; left out where they are what the format asks for. */
  readonly scaleView?: ScaleView;
  /** [H, D] zero points of `int4`: integers, in the type of the scales. */
  readonly zeros?: Float32Array | Uint16Array;
  /** [1], the scale of the whole tensor above the block scales of `fp4_e2m1`. */
  readonly tensorScale?: Float32Array;
}
