/** The two storage types of an unquantised cache (C16), and conversions chosen by type. */

import {
  decodeBfloat16,
  decodeBfloat16Array,
  encodeBfloat16,
  encodeBfloat16Array,
} from "./bfloat16.ts";
import { decodeFloat16, decodeFloat16Array, encodeFloat16, encodeFloat16Array } from "./float16.ts";

/** How queries, keys, values and outputs are stored: 16 bits each, bfloat16 or float16. */
export type StorageType = "bf16" | "f16";

/** What the arithmetic of a storage type needs to know. */
export interface StorageFormat {
  /** Bits of the significand, the hidden one included. */
  readonly significandBits: number;
  /** Exponent of the smallest normal number, 2^minExponent. */
  readonly minExponent: number;
  /** Largest finite value. */
  readonly maxFinite: number;
  /** Bits of a quiet NaN, as poison for memory that must not be read. */
  readonly quietNan: number;
}

/** Formats by storage type. */
export const STORAGE_FORMATS: Readonly<Record<StorageType, StorageFormat>> = {
  bf16: {
    significandBits: 8,
    minExponent: -126,
    maxFinite: (2 - 2 ** -7) * 2 ** 127,
    quietNan: 0x7fc0,
  },
  f16: { significandBits: 11, minExponent: -14, maxFinite: 65504, quietNan: 0x7e00 },
};

/**
 * Rounds one number to the bits of a storage type, to nearest, ties to even.
 *
 * @returns The 16 bits.
 */
export function encodeValue(storage: StorageType, value: number): number {
  return storage === "bf16" ? encodeBfloat16(value) : encodeFloat16(value);
}

/**
 * Gives the number that the bits of a storage type stand for.
 *
 * @param bits The 16 bits.
 */
export function decodeValue(storage: StorageType, bits: number): number {
  return storage === "bf16" ? decodeBfloat16(bits) : decodeFloat16(bits);
}

/**
 * Rounds an array of numbers to the bits of a storage type.
 *
 * @param values Float32 or float64 values.
 */
export function encodeValues(
  storage: StorageType,
  values: Float32Array | Float64Array,
): Uint16Array<ArrayBuffer> {
  return storage === "bf16" ? encodeBfloat16Array(values) : encodeFloat16Array(values);
}

/**
 * Decodes an array of bits of a storage type, exactly.
 *
 * @returns Float32 values, as many as there are bits.
 */
export function decodeValues(
  storage: StorageType,
  bits: Uint16Array,
): Float32Array<ArrayBuffer> {
  return storage === "bf16" ? decodeBfloat16Array(bits) : decodeFloat16Array(bits);
}

const decodingTables: Partial<Record<StorageType, Float32Array<ArrayBuffer>>> = {};

/**
 * The values of all 65,536 bit patterns of a storage type, indexed by the bits: the fastest way to
 * decode single elements in a loop. Made once and shared.
 *
 * @returns [65536] values; callers must not change them.
 */
export function decodingTable(storage: StorageType): Float32Array<ArrayBuffer> {
  let table = decodingTables[storage];
  if (table === undefined) {
    table = decodeValues(storage, Uint16Array.from({ length: 0x10000 }, (_, bits) => bits));
    decodingTables[storage] = table;
  }
  return table;
}

/**
 * Largest error that rounding a number to a storage type, to nearest, can make.
 *
 * Half the distance between the neighbours of `magnitude`; subnormals keep the spacing of the
 * smallest normal number. Magnitudes past the largest finite value give Infinity.
 */
export function roundingErrorBound(storage: StorageType, magnitude: number): number {
  const format = STORAGE_FORMATS[storage];
  if (!(magnitude <= format.maxFinite)) return Infinity;
  let exponent = magnitude > 0 ? Math.floor(Math.log2(magnitude)) : format.minExponent;
  // log2 rounds: a value just below a power of two may be reported as that power.
  if (2 ** exponent > magnitude) exponent--;
  return 2 ** (Math.max(exponent, format.minExponent) - format.significandBits);
}
