/** Quantising one token of one head, as appending to a quantised cache defines it. */

import { encodeValue } from "../storage_type.ts";
import { CODE_FORMATS, CODE_VALUES, encodeCode } from "./code_type.ts";
import {
  BLOCK_ELEMENTS,
  codeBytes,
  type QuantisedFormat,
  rowBytes,
  type ScaleType,
} from "./quantised_format.ts";
import {
  elementScale,
  type QuantisedTensor,
  type RowPlace,
  scaleValue,
} from "./quantised_tensor.ts";

/** Where a token of one head goes, and what it goes into. */
export interface RowTarget {
  /** The side's tensors. */
  readonly tensor: QuantisedTensor;
  /** Their format. */
  readonly format: QuantisedFormat;
  /** D. */
  readonly headSize: number;
}

/** A tensor that may be written. */
export function copyTensor(tensor: QuantisedTensor): QuantisedTensor {
  return {
    ...tensor,
    codes: tensor.codes.slice(),
    ...(tensor.scales === undefined ? {} : { scales: tensor.scales.slice() }),
  };
}

/** Rounds a scale to its type: the bits, or the f32 value itself. */
export function storeScale(type: ScaleType, scale: number): number {
  return type === "f32" ? Math.fround(scale) : encodeValue(type, scale);
}

/** Stores the bits of a scale behind the codes of a row. */
export function storeInlineScale(
  { tensor, format, headSize }: RowTarget,
  row: number,
  bits: number,
): void {
  const view = new DataView(tensor.codes.buffer, tensor.codes.byteOffset);
  const at = row * rowBytes(format, headSize) + codeBytes(format, headSize);
  if (format.scaleType === "f32") view.setFloat32(at, bits, true);
  else view.setUint16(at, bits, true);
}

/** Largest magnitude of some elements; NaN where one is NaN. */
export function largestMagnitude(x: ArrayLike<number>, from = 0, to = x.length): number {
  let largest = 0;
  for (let i = from; i < to; i++) largest = Math.max(largest, Math.abs(x[i]));
  return largest;
}

/** The e4m3 scale of a block whose largest magnitude is given, under the scale of the tensor. */
export function blockScaleCode(largest: number, tensorScale: number): number {
  if (largest === 0 || tensorScale === 0) return 0;
  const scale = Math.fround(Math.fround(largest / CODE_FORMATS.fp4_e2m1.largest) / tensorScale);
  return encodeCode("fp8_e4m3", scale);
}

/** The number whose nearest code is stored: x over the scale in f32, and the zero point added. */
export function unitsOf(x: number, scale: number, zero: number): number {
  return (scale === 0 ? 0 : Math.fround(Math.fround(x) / scale)) + zero;
}

function writeOwnScales(o: RowTarget, row: number, x: ArrayLike<number>): void {
  const { tensor, format, headSize } = o;
  const { largest } = CODE_FORMATS[format.codes];
  if (format.granularity === "block") {
    const blocks = headSize / BLOCK_ELEMENTS;
    for (let block = 0; block < blocks; block++) {
      const from = block * BLOCK_ELEMENTS;
      const magnitude = largestMagnitude(x, from, from + BLOCK_ELEMENTS);
      tensor.scales![row * blocks + block] = blockScaleCode(magnitude, tensor.tensorScale![0]);
    }
    return;
  }
  const scale = Math.fround(largestMagnitude(x) / largest);
  const bits = storeScale(format.scaleType, scale);
  if (format.granularity === "token") tensor.scales![row] = bits;
  if (format.granularity === "inline") storeInlineScale(o, row, bits);
}

/** The zero point of an element; 0 for types that have none. */
export function elementZero(o: RowTarget, at: { head: number; element: number }): number {
  const { tensor, format, headSize } = o;
  if (tensor.zeros === undefined) return 0;
  return scaleValue(format.scaleType, tensor.zeros[at.head * headSize + at.element]);
}

/** Stores a code in place of what lies there. */
export function storeCode(
  o: RowTarget,
  at: { row: number; element: number; code: number },
): void {
  const { codes } = o.tensor;
  const base = at.row * rowBytes(o.format, o.headSize);
  if (CODE_FORMATS[o.format.codes].bits === 8) {
    codes[base + at.element] = at.code;
    return;
  }
  const byte = base + (at.element >> 1);
  codes[byte] = (at.element & 1) === 0
    ? (codes[byte] & 0xf0) | at.code
    : (codes[byte] & 0x0f) | (at.code << 4);
}

/**
 * Writes one token of one head in place: its own scale first (max|x| over the largest code, in f32,
 * then rounded to the scale's type), then the code nearest to x over the scale that was stored.
 *
 * @param o The tensors, which are changed, and their format.
 * @param x [D] values.
 */
export function writeQuantisedRow(o: RowTarget, at: RowPlace, x: ArrayLike<number>): void {
  writeOwnScales(o, at.row, x);
  for (let element = 0; element < o.headSize; element++) {
    const scale = Math.fround(elementScale(o, { ...at, element }));
    const zero = elementZero(o, { head: at.head, element });
    const code = encodeCode(o.format.codes, unitsOf(x[element], scale, zero));
    storeCode(o, { row: at.row, element, code });
  }
}

/** The value of a code in units of the scale, zero point not yet taken off. */
export function codeValue(format: QuantisedFormat, code: number): number {
  return CODE_VALUES[format.codes][code];
}
