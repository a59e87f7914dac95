// deno-lint-ignore-file camelcase -- names of the field and of the format that is read
/** Quantised cache formats: code type, granularity and type of the scales, and the sizes they give. */

import type { AttentionShape } from "../problem.ts";
import { pageIdLimit } from "../shape.ts";
import { CODE_FORMATS } from "./code_type.ts";
import type { QuantisedFormat } from "./quantised_types.ts";

export type * from "./quantised_types.ts";

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

/** The sizes that formats depend on. */
export type FormatShape = Pick<
  AttentionShape,
  "layout" | "pages" | "kvHeads" | "poolPages" | "pageSizeTokens" | "headSize"
>;

/** Bytes of the codes of one token of one head. */
export function codeBytes(format: QuantisedFormat, headSize: number): number {
  return headSize * CODE_FORMATS[format.codes].bits / 8;
}

/** Bytes from one token's codes to the next one's: more than the codes where the scale is inline. */
export function rowBytes(format: QuantisedFormat, headSize: number): number {
  const bytes = codeBytes(format, headSize);
  if (format.granularity !== "inline") return bytes;
  const used = bytes + SCALE_BYTES[format.scaleType];
  return Math.ceil(used / INLINE_ALIGNMENT_BYTES) * INLINE_ALIGNMENT_BYTES;
}

/** Tokens that a cache has room for, over all heads: rows of the codes. */
export function cacheRows(shape: FormatShape): number {
  const headPages = shape.layout === "pooled" ? pageIdLimit(shape) : shape.pages * shape.kvHeads;
  return headPages * shape.pageSizeTokens;
}

/** Sizes of the rows of a cache, outermost first: [N, H, P], or [poolPages, P]. */
export function rowsShape(shape: FormatShape): readonly number[] {
  const { layout, pages, kvHeads, pageSizeTokens } = shape;
  return layout === "pooled"
    ? [pageIdLimit(shape), pageSizeTokens]
    : [pages, kvHeads, pageSizeTokens];
}

/** Sizes and formula of the scale tensor, outermost first; [0] where scales are inline. */
export function scaleShape(
  format: QuantisedFormat,
  shape: FormatShape,
): { sizes: readonly number[]; formula: string } {
  const { kvHeads, headSize } = shape;
  const pages = shape.layout === "pooled" ? "poolPages·P" : "N·H·P";
  switch (format.granularity) {
    case "tensor":
      return { sizes: [1], formula: "1" };
    case "head":
      return { sizes: [kvHeads], formula: "H" };
    case "channel":
      return { sizes: [kvHeads, headSize], formula: "H·D" };
    case "token":
      return { sizes: rowsShape(shape), formula: pages };
    case "inline":
      return { sizes: [0], formula: "no elements (scales are inline)" };
    case "block":
      return {
        sizes: [...rowsShape(shape), headSize / BLOCK_ELEMENTS],
        formula: `${pages}·D/16`,
      };
  }
}

/** Elements and formula of the scale tensor; 0 elements where scales are inline. */
export function scaleSize(
  format: QuantisedFormat,
  shape: FormatShape,
): { elements: number; formula: string } {
  const { sizes, formula } = scaleShape(format, shape);
  return { elements: sizes.reduce((product, size) => product * size, 1), formula };
}

/**
 * Bytes that one token of one head takes on one side, its own scales included. Scales that tokens
 * share (by tensor, head or channel) belong to the model and count nothing here.
 *
 * @param format The side's format; undefined is C16.
 * @param headSize D.
 * @returns Bytes.
 */
export function tokenBytes(format: QuantisedFormat | undefined, headSize: number): number {
  if (format === undefined) return 2 * headSize;
  const bytes = rowBytes(format, headSize);
  if (format.granularity === "token") return bytes + SCALE_BYTES[format.scaleType];
  return format.granularity === "block" ? bytes + headSize / BLOCK_ELEMENTS : bytes;
}
