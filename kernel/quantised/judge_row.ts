/**
 * Judges one token that a kernel quantised: its own scale, then each code under the scale that the
 * kernel stored.
 *
 * A value is known exactly, or inside a half width where it was rotated. x over the scale is computed
 * in f32: where the quotient lies within 2 ulp of a midpoint, either neighbour is right.
 */

import { encodeValue } from "../storage_type.ts";
import { CODE_FORMATS, encodeCode } from "./code_type.ts";
import { BLOCK_ELEMENTS, type QuantisedFormat } from "./quantised_format.ts";
import { codeValue, elementZero, type RowTarget } from "./quantise_row.ts";
import { elementCode, elementScale, type RowPlace, scaleValue } from "./quantised_tensor.ts";

/** Two units in the last place of f32, relative. */
const SLACK = 2 * 2 ** -23;
/** Below the smallest normal f32, devices may flush to zero. */
const SMALLEST_NORMAL = 2 ** -126;

/** What a row should hold. */
export interface ExpectedRow {
  /** [D] values before they are quantised. */
  readonly values: ArrayLike<number>;
  /** [D] how far each may lie from what the kernel had; left out where they are exact. */
  readonly halfWidths?: ArrayLike<number>;
}

interface Range {
  readonly low: number;
  readonly high: number;
}

function largestRange(expected: ExpectedRow, from: number, to: number): Range {
  let low = 0;
  let high = 0;
  for (let i = from; i < to; i++) {
    const magnitude = Math.abs(expected.values[i]);
    const width = expected.halfWidths?.[i] ?? 0;
    low = Math.max(low, magnitude - width);
    high = Math.max(high, magnitude + width);
  }
  return { low, high };
}

/** Rounds to a type of scales, and gives the value. */
function rounded(type: QuantisedFormat["scaleType"], value: number): number {
  if (type === "f32") return Math.fround(value);
  if (type === "fp8_e4m3") return scaleValue(type, encodeCode(type, value));
  return scaleValue(type, encodeValue(type, value));
}

/** The scales that a largest magnitude in a range may have given. */
function scaleRange(o: RowTarget, largest: Range): Range {
  const { format, tensor } = o;
  const over = CODE_FORMATS[format.codes].largest * (tensor.tensorScale?.[0] ?? 1);
  const low = rounded(format.scaleType, largest.low / over * (1 - SLACK));
  const high = rounded(format.scaleType, largest.high / over * (1 + SLACK));
  return { low: low < SMALLEST_NORMAL ? 0 : low, high };
}

function judgeScales(o: RowTarget, at: RowPlace, expected: ExpectedRow): string | null {
  const { format, headSize, tensor } = o;
  const span = format.granularity === "block" ? BLOCK_ELEMENTS : headSize;
  for (let from = 0; from < headSize; from += span) {
    const { low, high } = scaleRange(o, largestRange(expected, from, from + span));
    const scale = elementScale(o, { ...at, element: from });
    const got = format.granularity === "block"
      ? scaleValue("fp8_e4m3", tensor.scales![at.row * (headSize / span) + from / span])
      : scale;
    if (got >= low && got <= high) continue;
    const where = format.granularity === "block" ? ` of block ${from / span}` : "";
    return `the scale${where} is ${got} for ${low === high ? low : `${low} to ${high}`}`;
  }
  return null;
}

function judgeCode(
  o: RowTarget,
  at: RowPlace & { element: number },
  expected: ExpectedRow,
): string | null {
  const { format } = o;
  const scale = Math.fround(elementScale(o, at));
  const zero = elementZero(o, at);
  const x = expected.values[at.element];
  const width = expected.halfWidths?.[at.element] ?? 0;
  const bound = (value: number, sign: number): number => {
    if (scale === 0) return zero;
    const units = Math.fround(value) / scale;
    return units + sign * Math.abs(units) * SLACK + zero;
  };
  const nearest = (units: number): number => codeValue(format, encodeCode(format.codes, units));
  const low = nearest(bound(x - width, -1));
  const high = nearest(bound(x + width, 1));
  const code = elementCode(o, at);
  const got = codeValue(format, code);
  if (got >= low && got <= high) return null;
  return `element ${at.element} is code ${code} (${got}) for ${
    low === high ? low : `${low} to ${high}`
  }: x is ${x}, the scale ${scale}` + (zero === 0 ? "" : `, the zero point ${zero}`);
}

/**
 * Judges a row.
 *
 * @param o The tensors that the kernel gave, and their format.
 * @returns What is wrong, or null.
 */
export function judgeRow(o: RowTarget, at: RowPlace, expected: ExpectedRow): string | null {
  const { granularity } = o.format;
  const hasOwnScale = granularity === "token" || granularity === "inline" ||
    granularity === "block";
  const wrongScale = hasOwnScale ? judgeScales(o, at, expected) : null;
  if (wrongScale !== null) return wrongScale;
  for (let element = 0; element < o.headSize; element++) {
    const wrong = judgeCode(o, { ...at, element }, expected);
    if (wrong !== null) return wrong;
  }
  return null;
}
