/**
 * Dequantisation for the paged oracle: a page at a time and by arithmetic on the codes' bits. It
 * shares no decoding with `quantised_tensor.ts`, so that the two oracles can judge each other.
 */

import { decodeFloat16 } from "../float16.ts";
import { decodeBfloat16 } from "../bfloat16.ts";
import type { AttentionProblem } from "../problem.ts";
import { decodeValues } from "../storage_type.ts";
import type { CacheSide, QuantisedTensor } from "./quantised_tensor.ts";

const view = new DataView(new ArrayBuffer(4));

/** e4m3 as binary32: move sign, exponent and fraction to their places, then correct the bias. */
function fromE4m3(code: number): number {
  if ((code & 0x7f) === 0x7f) return NaN;
  view.setUint32(0, ((code & 0x80) << 24) | ((code & 0x7f) << 20));
  // 2^120: binary32's bias 127 less e4m3's 7. A subnormal is one of binary32's too before that.
  return view.getFloat32(0) * 2 ** 120;
}

/** e5m2 is the upper byte of a binary16. */
function fromE5m2(code: number): number {
  return decodeFloat16(code << 8);
}

/** e2m1: twice the value is 0, 1, 2, 3, then doubled for each exponent. */
function fromE2m1(code: number): number {
  const exponent = (code >> 1) & 3;
  const doubled = exponent === 0 ? code & 1 : (2 + (code & 1)) << (exponent - 1);
  return ((code & 8) === 0 ? doubled : -doubled) / 2;
}

function fromScale(type: string, stored: number): number {
  switch (type) {
    case "f32":
      return stored;
    case "f16":
      return decodeFloat16(stored);
    case "bf16":
      return decodeBfloat16(stored);
    default:
      return fromE4m3(stored);
  }
}

/** Reads 2 or 4 bytes of an inline scale, low byte first. */
function inlineScale(codes: Uint8Array, at: number, type: string): number {
  const low = codes[at] | (codes[at + 1] << 8);
  if (type !== "f32") return fromScale(type, low);
  view.setUint32(0, (low | (codes[at + 2] << 16) | (codes[at + 3] << 24)) >>> 0);
  return view.getFloat32(0);
}

/**
 * Values of one page of one head.
 *
 * @param o Side, KV head, and the page's first row of the codes.
 * @returns [P, D] values.
 */
export function dequantisePage(
  p: AttentionProblem,
  o: { side: CacheSide; head: number; firstRow: number },
): Float64Array {
  const { headSize, pageSizeTokens, storage } = p.shape;
  const format = o.side === "keys" ? p.shape.keyFormat : p.shape.valueFormat;
  const elements = pageSizeTokens * headSize;
  if (format === undefined) {
    const from = o.firstRow * headSize;
    return Float64Array.from(decodeValues(storage, p[o.side].subarray(from, from + elements)));
  }
  const tensor = (o.side === "keys" ? p.quantisedKeys : p.quantisedValues) as QuantisedTensor;
  const isHalf = format.codes === "int4" || format.codes === "fp4_e2m1";
  const codeSpan = isHalf ? headSize / 2 : headSize;
  const isInline = format.granularity === "inline";
  const stride = isInline ? codeSpan + 16 : codeSpan;
  const out = new Float64Array(elements);
  for (let token = 0; token < pageSizeTokens; token++) {
    const row = o.firstRow + token;
    const start = row * stride;
    for (let d = 0; d < headSize; d++) {
      const byte = tensor.codes[start + (isHalf ? d >>> 1 : d)];
      const code = isHalf ? (byte >>> (4 * (d % 2))) % 16 : byte;
      const channel = o.head * headSize + d;
      let value: number;
      if (format.codes === "int8") value = code < 128 ? code : code - 256;
      else if (format.codes === "fp8_e4m3") value = fromE4m3(code);
      else if (format.codes === "fp8_e5m2") value = fromE5m2(code);
      else if (format.codes === "fp4_e2m1") value = fromE2m1(code);
      else value = code - fromScale(format.scaleType, tensor.zeros![channel]);
      let scale: number;
      if (isInline) scale = inlineScale(tensor.codes, start + codeSpan, format.scaleType);
      else {
        let index = 0;
        if (format.granularity === "head") index = o.head;
        else if (format.granularity === "channel") index = channel;
        else if (format.granularity === "token") index = row;
        else if (format.granularity === "block") index = row * (headSize / 16) + (d >>> 4);
        scale = fromScale(format.scaleType, tensor.scales![index]);
        if (format.granularity === "block") scale *= tensor.tensorScale![0];
      }
      out[token * headSize + d] = value * scale;
    }
  }
  return out;
}
