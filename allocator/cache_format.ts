// deno-lint-ignore-file camelcase -- names of the field
/**
 * How the keys and the values of a cache may be stored beside 16 bits, and the bytes that a page of
 * them takes: code type, granularity and type of the scales.
 */

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

/** Bits of a code. */
export const CODE_BITS: Readonly<Record<QuantisedFormat["codes"], 4 | 8>> = {
  int8: 8,
  fp8_e4m3: 8,
  fp8_e5m2: 8,
  int4: 4,
  fp4_e2m1: 4,
};

/** Elements that share a block scale. */
export const BLOCK_ELEMENTS = 16;
/** Rows with inline scales are padded to a multiple of this many bytes. */
export const INLINE_ALIGNMENT_BYTES = 16;

/** Bytes of a scale. */
export const SCALE_BYTES: Readonly<Record<QuantisedFormat["scaleType"], number>> = {
  f32: 4,
  f16: 2,
  bf16: 2,
  fp8_e4m3: 1,
};

const EIGHT_BIT = ["int8", "fp8_e4m3", "fp8_e5m2"] as const;
const GRANULARITIES = ["tensor", "head", "channel", "token", "inline"] as const;
const SCALE_TYPES = ["f32", "f16", "bf16"] as const;

/** Every format, C8 first. */
export const QUANTISED_FORMATS: readonly QuantisedFormat[] = [
  ...EIGHT_BIT.flatMap((codes) =>
    GRANULARITIES.flatMap((granularity) =>
      SCALE_TYPES.map((scaleType) => ({ codes, granularity, scaleType }))
    )
  ),
  ...SCALE_TYPES.map((scaleType) =>
    ({ codes: "int4", granularity: "channel", scaleType }) as const
  ),
  { codes: "fp4_e2m1", granularity: "block", scaleType: "fp8_e4m3" },
];

/**
 * The name of a format, `codes:granularity:scaleType`.
 *
 * @param format The format; undefined is an unquantised side.
 * @returns For example `int8:token:f16`, or `c16`.
 */
export function formatName(format: QuantisedFormat | undefined): string {
  if (format === undefined) return "c16";
  return `${format.codes}:${format.granularity}:${format.scaleType}`;
}

const BY_NAME = new Map(QUANTISED_FORMATS.map((format) => [formatName(format), format]));

/** Short names: the scales that engines mostly use with a code type. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  int8: "int8:token:f32",
  fp8: "fp8_e4m3:head:f32",
  fp8_e4m3: "fp8_e4m3:head:f32",
  fp8_e5m2: "fp8_e5m2:head:f32",
  int4: "int4:channel:bf16",
  fp4: "fp4_e2m1:block:fp8_e4m3",
};

/** Names that {@linkcode parseFormat} reads. */
export const FORMAT_NAMES: readonly string[] = [...Object.keys(SHORT_NAMES), ...BY_NAME.keys()];

/**
 * Reads the name of a format.
 *
 * @param name As {@linkcode formatName} writes it, or a short one (`int8`, `fp8`, `int4`, `fp4`, …).
 * @returns The format; null for a name of none.
 */
export function parseFormat(name: string): QuantisedFormat | null {
  return BY_NAME.get(SHORT_NAMES[name] ?? name) ?? null;
}

/** Bytes of the codes of one token of one head. */
export function codeBytes(format: QuantisedFormat, headSize: number): number {
  return headSize * CODE_BITS[format.codes] / 8;
}

/** Bytes from one token's codes to the next one's: more than the codes where the scale is inline. */
export function rowBytes(format: QuantisedFormat, headSize: number): number {
  const bytes = codeBytes(format, headSize);
  if (format.granularity !== "inline") return bytes;
  const used = bytes + SCALE_BYTES[format.scaleType];
  return Math.ceil(used / INLINE_ALIGNMENT_BYTES) * INLINE_ALIGNMENT_BYTES;
}

/**
 * Bytes that one token of one head takes on one side, its own scales included. Scales that tokens
 * share (by tensor, head or channel) belong to the model and count nothing here.
 *
 * @param format The side's format; undefined is C16.
 */
export function tokenBytes(format: QuantisedFormat | undefined, headSize: number): number {
  if (format === undefined) return 2 * headSize;
  const bytes = rowBytes(format, headSize);
  if (format.granularity === "token") return bytes + SCALE_BYTES[format.scaleType];
  return format.granularity === "block" ? bytes + headSize / BLOCK_ELEMENTS : bytes;
}

/**
 * Bytes of the scales and zero points of one layer that tokens share, on one side.
 *
 * @param format The side's format; undefined is C16.
 * @param o H on the rank, and D.
 * @returns Bytes; 0 where every token has its own.
 */
export function sharedScaleBytes(
  format: QuantisedFormat | undefined,
  o: { readonly kvHeads: number; readonly headSize: number },
): number {
  if (format === undefined) return 0;
  const bytes = SCALE_BYTES[format.scaleType];
  switch (format.granularity) {
    case "tensor":
      return bytes;
    case "head":
      return o.kvHeads * bytes;
    case "channel":
      return (format.codes === "int4" ? 2 : 1) * o.kvHeads * o.headSize * bytes;
    case "block":
      // The one above the blocks.
      return SCALE_BYTES.f32;
    default:
      return 0;
  }
}
