// deno-lint-ignore-file camelcase -- names of the field and of the format that is read
/** Seeded quantised caches: codes over the whole range, scales that differ from their neighbours. */

import type { Random } from "../../allocator/mod.ts";
import type { AttentionShape } from "../problem.ts";
import { CODE_FORMATS, type CodeType, encodeCode, isFiniteCode } from "./code_type.ts";
import {
  cacheRows,
  codeBytes,
  type QuantisedFormat,
  rowBytes,
  scaleSize,
  type ScaleType,
} from "./quantised_format.ts";
import { storeInlineScale, storeScale } from "./quantise_row.ts";
import type { QuantisedTensor } from "./quantised_tensor.ts";

/** Scales about which values of uniformly drawn codes are of the order of one. */
const TYPICAL_SCALE: Readonly<Record<CodeType, number>> = {
  int8: 2 ** -6,
  fp8_e4m3: 2 ** -7,
  fp8_e5m2: 2 ** -12,
  int4: 2 ** -2,
  fp4_e2m1: 2 ** -2,
};

// As for C16 values: a prime number of draws, in which vectors start anywhere.
const CODE_DRAWS = 65_521;

/** A scale within a factor of four, so that a neighbour's is seen at once. */
function drawScale(random: Random, typical: number): number {
  return typical * 2 ** (2 * random.nextFloat() - 1);
}

function scaleStorage(type: ScaleType, length: number): Float32Array | Uint16Array {
  return type === "f32" ? new Float32Array(length) : new Uint16Array(length);
}

/** Zero points, of which some lie beside the codes: values of one sign have such. */
const ZERO_POINTS = 24;
const LEAST_ZERO_POINT = -4;

function drawCodes(
  format: QuantisedFormat,
  o: { random: Random; shape: AttentionShape },
): Uint8Array<ArrayBuffer> {
  const { headSize } = o.shape;
  const rows = cacheRows(o.shape);
  const used = codeBytes(format, headSize);
  const stride = rowBytes(format, headSize);
  const isHalf = CODE_FORMATS[format.codes].bits === 4;
  const draws = new Uint8Array(CODE_DRAWS);
  for (let i = 0; i < draws.length;) {
    const code = o.random.nextBelow(256);
    if (isHalf || isFiniteCode(format.codes, code)) draws[i++] = code;
  }
  const codes = new Uint8Array(rows * stride);
  for (let row = 0; row < rows; row++) {
    const from = o.random.nextBelow(CODE_DRAWS - used);
    codes.set(draws.subarray(from, from + used), row * stride);
  }
  return codes;
}

/**
 * Draws one side of a quantised cache.
 *
 * @returns Tensors that the checks accept; every code of the type may occur but those that are not numbers.
 */
export function randomQuantised(
  format: QuantisedFormat,
  o: { random: Random; shape: AttentionShape },
): QuantisedTensor {
  const codes = drawCodes(format, o);
  const { elements } = scaleSize(format, o.shape);
  const typical = TYPICAL_SCALE[format.codes];
  if (format.granularity === "block") {
    const scales = new Uint8Array(elements);
    for (let i = 0; i < elements; i++) {
      scales[i] = encodeCode("fp8_e4m3", drawScale(o.random, 64));
    }
    return { codes, scales, tensorScale: new Float32Array([drawScale(o.random, typical / 64)]) };
  }
  const { scaleType } = format;
  if (format.granularity === "inline") {
    const target = { tensor: { codes }, format, headSize: o.shape.headSize };
    for (let row = 0; row < cacheRows(o.shape); row++) {
      storeInlineScale(target, row, storeScale(scaleType, drawScale(o.random, typical)));
    }
    return { codes };
  }
  const scales = scaleStorage(scaleType, elements);
  for (let i = 0; i < elements; i++) {
    scales[i] = storeScale(scaleType, drawScale(o.random, typical));
  }
  if (format.codes !== "int4") return { codes, scales };
  const zeros = scaleStorage(scaleType, elements);
  for (let i = 0; i < elements; i++) {
    zeros[i] = storeScale(scaleType, o.random.nextBelow(ZERO_POINTS) + LEAST_ZERO_POINT);
  }
  return { codes, scales, zeros };
}
