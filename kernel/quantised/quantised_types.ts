/** Formats and tensors of a quantised cache, as data. */

/** How a scale is stored. */
export type ScaleType = "f32" | "f16" | "bf16";

/** The codes of C8, and where their scales lie. */
export interface EightBitFormat {
  /** Code type. */
  readonly codes: "int8" | "fp8_e4m3" | "fp8_e5m2";
  /**
   * One scale a `tensor`, a `head` [H], a `channel` [H, D] or a `token` [N, H, P]; `inline` is by
   * token too, behind the codes of the token's row.
   */
  readonly granularity: "tensor" | "head" | "channel" | "token" | "inline";
  /** Type of the scales. */
  readonly scaleType: ScaleType;
}

/** Unsigned 4-bit codes with a zero point: value = (code − zero) · scale, both [H, D]. */
export interface ZeroPointFormat {
  /** Code type. */
  readonly codes: "int4";
  /** A scale and a zero point for each channel. */
  readonly granularity: "channel";
  /** Type of the scales and of the zero points, which are integers. */
  readonly scaleType: ScaleType;
}

/** 4-bit floats in blocks of 16 elements with an e4m3 scale each, and one f32 scale a tensor. */
export interface BlockFormat {
  /** Code type. */
  readonly codes: "fp4_e2m1";
  /** A scale for each block of a row, [N, H, P, D / 16]. */
  readonly granularity: "block";
  /** Type of the blocks' scales. */
  readonly scaleType: "fp8_e4m3";
}

/** How the keys, or the values, of a quantised cache are stored. */
export type QuantisedFormat = EightBitFormat | ZeroPointFormat | BlockFormat;

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
