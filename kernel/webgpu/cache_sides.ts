// deno-lint-ignore-file camelcase -- names of the field and of the format that is read
/** The two sides of a cache in WGSL: one text, expanded for keys and for values. */

import { CODE_FORMATS } from "../quantised/code_type.ts";
import {
  BLOCK_ELEMENTS,
  codeBytes,
  formatName,
  type QuantisedFormat,
  rowBytes,
} from "../quantised/quantised_format.ts";
import type { CacheSide } from "../quantised/quantised_tensor.ts";
import appendSideText from "./append_side.wgsl" with { type: "text" };
import cacheSideText from "./cache_side.wgsl" with { type: "text" };
import codesText from "./codes.wgsl" with { type: "text" };
import matrixSideText from "./matrix_side.wgsl" with { type: "text" };
import type { KernelShape } from "./program.ts";

/** Numbers by which the templates tell types apart. */
const NUMBERS = { C16: 0, INT8: 1, FP8_E4M3: 2, FP8_E5M2: 3, INT4: 4, FP4_E2M1: 5 } as const;
const SCALE_NUMBERS = { F32: 0, SCALE_F16: 1, SCALE_BF16: 2 } as const;

const CODE_NUMBER: Readonly<Record<QuantisedFormat["codes"], number>> = {
  int8: NUMBERS.INT8,
  fp8_e4m3: NUMBERS.FP8_E4M3,
  fp8_e5m2: NUMBERS.FP8_E5M2,
  int4: NUMBERS.INT4,
  fp4_e2m1: NUMBERS.FP4_E2M1,
};

const SCALE_NUMBER: Readonly<Record<QuantisedFormat["scaleType"], number>> = {
  f32: SCALE_NUMBERS.F32,
  f16: SCALE_NUMBERS.SCALE_F16,
  bf16: SCALE_NUMBERS.SCALE_BF16,
  fp8_e4m3: SCALE_NUMBERS.F32,
};

/** Bits of the fraction, bias, largest exponent, largest code and sign of the float types. */
const NO_FLOAT = { FRACTION: 0, BIAS: 0, TOP: 0, MAX_CODE: 0, SIGN: 0 };
const FLOAT_CODES: Readonly<Record<QuantisedFormat["codes"], typeof NO_FLOAT>> = {
  int8: NO_FLOAT,
  int4: NO_FLOAT,
  fp8_e4m3: { FRACTION: 3, BIAS: 7, TOP: 8, MAX_CODE: 0x7e, SIGN: 0x80 },
  fp8_e5m2: { FRACTION: 2, BIAS: 15, TOP: 15, MAX_CODE: 0x7b, SIGN: 0x80 },
  fp4_e2m1: { FRACTION: 1, BIAS: 1, TOP: 2, MAX_CODE: 7, SIGN: 8 },
};

/** Bits of a number in f32: a literal in decimal need not be read as the nearest one. */
function floatBits(value: number): number {
  return new Uint32Array(new Float32Array([value]).buffer)[0];
}

/** The sizes and formats that decide how a cache is read. */
export type SideShape = Pick<
  KernelShape,
  "kvHeads" | "headSize" | "bindings" | "keyFormat" | "valueFormat"
>;

/** Whether a format's scales lie in a buffer of their own on the device. */
export function hasScaleBuffer(format: QuantisedFormat | undefined): boolean {
  return format?.granularity === "token" || format?.granularity === "block";
}

/** Scales that tokens share: how many f32 a side has in `extras`, scales and then zero points. */
export function staticSizes(
  format: QuantisedFormat | undefined,
  o: { kvHeads: number; headSize: number },
): { scales: number; zeros: number } {
  const channels = o.kvHeads * o.headSize;
  const zeros = format?.codes === "int4" ? channels : 0;
  switch (format?.granularity) {
    case "tensor":
    case "head":
    case "block":
      return { scales: o.kvHeads, zeros };
    case "channel":
      return { scales: channels, zeros };
    default:
      return { scales: 0, zeros };
  }
}

/** Whether a side of the cache is quantised. */
export function hasCodes(shape: Pick<SideShape, "keyFormat" | "valueFormat">): boolean {
  return shape.keyFormat !== undefined || shape.valueFormat !== undefined;
}

/** Bindings that scales take after those of keys and values. */
export function scaleBindings(shape: SideShape): number {
  return Number(hasScaleBuffer(shape.keyFormat)) + Number(hasScaleBuffer(shape.valueFormat));
}

/** Storage bindings that every attention program has before those of the cache. */
export const FIRST_CACHE_BINDING = 7;

/** The binding behind those of the cache, where workgroups count what they have finished. */
export function counterBinding(s: SideShape & { readonly bindings: number }): number {
  return FIRST_CACHE_BINDING + 2 * s.bindings + scaleBindings(s);
}

/** Elements of a row that a lane loads at a time, of keys and of values. */
export type ChunkElements = Readonly<Record<CacheSide, number>>;

/** What every program can load, whatever the head size. */
export const SMALL_CHUNKS: ChunkElements = { keys: 8, values: 8 };

/** What the elements of a chunk are too small by, as they are decoded. */
function unitOf(format: QuantisedFormat | undefined, elements: number): number {
  if (format?.codes === "fp8_e4m3") return 2 ** 8;
  // e2m1 as f16 is 2^-14 of its value, a block's e4m3 scale 2^-8.
  return format?.granularity === "block" && elements >= BLOCK_ELEMENTS ? 2 ** 22 : 1;
}

function sideConstants(
  shape: SideShape,
  o: { readonly side: CacheSide; readonly elements: number },
): Record<string, number | boolean> {
  const { side, elements } = o;
  const format = side === "keys" ? shape.keyFormat : shape.valueFormat;
  const { headSize, bindings } = shape;
  const chunkBytes = format === undefined ? 2 * elements : codeBytes(format, elements);
  const keyStatics = staticSizes(shape.keyFormat, shape);
  const staticAt = side === "keys" ? 0 : keyStatics.scales + keyStatics.zeros;
  const statics = staticSizes(format, shape);
  const scalesAt = FIRST_CACHE_BINDING + 2 * bindings;
  const scaleBinding = side === "values" && hasScaleBuffer(shape.keyFormat)
    ? scalesAt + 1
    : scalesAt;
  const name = side === "keys" ? "KEY" : "VALUE";
  const constants = {
    BITS: format === undefined ? 16 : CODE_FORMATS[format.codes].bits,
    CODES: format === undefined ? NUMBERS.C16 : CODE_NUMBER[format.codes],
    ELEMENTS: elements,
    WORDS: chunkBytes / 4,
    CHUNKS: headSize / elements,
    BLOCKS: format?.granularity === "block" ? Math.floor(elements / BLOCK_ELEMENTS) : 0,
    UNIT: unitOf(format, elements),
    STRIDE: (format === undefined ? 2 * headSize : rowBytes(format, headSize)) / chunkBytes,
    SCALE_TYPE: format === undefined ? SCALE_NUMBERS.F32 : SCALE_NUMBER[format.scaleType],
    SCALES: format?.granularity === "token" ? 1 : format?.granularity === "inline" ? 2 : 0,
    STATIC: statics.scales === 0 ? 0 : format!.granularity === "channel" ? 2 : 1,
    STATIC_AT: staticAt,
    ZEROS: statics.zeros > 0,
    OWN_ZEROS: false,
    ZEROS_AT: staticAt + statics.scales,
    BINDING: FIRST_CACHE_BINDING + (side === "keys" ? 0 : bindings),
    SCALE_BINDING: hasScaleBuffer(format) ? scaleBinding : 0,
    ROW_WORDS: (format === undefined ? 2 * headSize : rowBytes(format, headSize)) / 4,
    CODE_WORDS: (format === undefined ? 2 * headSize : codeBytes(format, headSize)) / 4,
    ...FLOAT_CODES[format?.codes ?? "int8"],
    INVERSE_BITS: floatBits(1 / (format === undefined ? 1 : CODE_FORMATS[format.codes].largest)),
  };
  return Object.fromEntries(
    Object.entries(constants).map(([key, value]) => [`${name}_${key}`, value]),
  );
}

/** Constants of both sides, for the templates. */
export function cacheConstants(
  shape: SideShape,
  elements: ChunkElements = SMALL_CHUNKS,
): Record<string, number | boolean> {
  return {
    ...NUMBERS,
    ...SCALE_NUMBERS,
    ...sideConstants(shape, { side: "keys", elements: elements.keys }),
    ...sideConstants(shape, { side: "values", elements: elements.values }),
    ANY_BLOCKS: shape.keyFormat?.granularity === "block" ||
      shape.valueFormat?.granularity === "block",
    ANY_CODES: shape.keyFormat !== undefined || shape.valueFormat !== undefined,
  };
}

/** A text for each side, with `side` replaced by its name. */
function bothSides(text: string): string[] {
  return (["key", "value"] as const).map((side) =>
    text
      .replaceAll("side", side)
      .replaceAll("Side", side === "key" ? "Key" : "Value")
      .replaceAll("SIDE", side === "key" ? "KEY" : "VALUE")
  );
}

/** Templates of both sides as attention reads them. */
export const CACHE_TEXTS: readonly string[] = [codesText, ...bothSides(cacheSideText)];

/** Templates of both sides as tiles of matrices hold them. */
export const MATRIX_TEXTS: readonly string[] = bothSides(matrixSideText);

/** Templates of both sides as appending writes them. */
export const APPEND_TEXTS: readonly string[] = bothSides(appendSideText);

/** The part of a program's name that says how the cache is stored; empty for C16. */
export function cacheName(shape: Pick<SideShape, "keyFormat" | "valueFormat">): string {
  const { keyFormat, valueFormat } = shape;
  if (keyFormat === undefined && valueFormat === undefined) return "";
  return `;keys=${formatName(keyFormat)};values=${formatName(valueFormat)}`;
}
