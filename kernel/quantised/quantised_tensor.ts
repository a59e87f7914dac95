/** The keys, or the values, of a quantised cache as data, and their exact values. */

import { decodingTable } from "../storage_type.ts";
import type { AttentionProblem } from "../problem.ts";
import { CODE_FORMATS, CODE_VALUES } from "./code_type.ts";
import { BLOCK_ELEMENTS, codeBytes, rowBytes } from "./quantised_format.ts";
import type { QuantisedFormat, QuantisedTensor } from "./quantised_types.ts";

export type { QuantisedTensor } from "./quantised_types.ts";

/** The sides of a cache, in the order in which bytes, bindings and draws have them. */
export const SIDES = ["keys", "values"] as const;

/** A side of a cache. */
export type CacheSide = typeof SIDES[number];

/** The format of a side, undefined where it is C16. */
export function sideFormat(
  shape: AttentionProblem["shape"],
  side: CacheSide,
): QuantisedFormat | undefined {
  return side === "keys" ? shape.keyFormat : shape.valueFormat;
}

/** The quantised tensors of a side, undefined where it is C16. */
export function sideTensor(
  p: Pick<AttentionProblem, "quantisedKeys" | "quantisedValues">,
  side: CacheSide,
): QuantisedTensor | undefined {
  return side === "keys" ? p.quantisedKeys : p.quantisedValues;
}

/** What `make` gives for each side, under the names of a problem; nothing where it gives nothing. */
export function quantisedSides(
  make: (side: CacheSide) => QuantisedTensor | undefined,
): Pick<AttentionProblem, "quantisedKeys" | "quantisedValues"> {
  const [quantisedKeys, quantisedValues] = SIDES.map(make);
  return {
    ...(quantisedKeys === undefined ? {} : { quantisedKeys }),
    ...(quantisedValues === undefined ? {} : { quantisedValues }),
  };
}

/** Value of an element of a tensor of scales or zero points. */
export function scaleValue(
  scaleType: QuantisedFormat["scaleType"],
  stored: number,
): number {
  if (scaleType === "f32") return stored;
  return scaleType === "fp8_e4m3" ? CODE_VALUES.fp8_e4m3[stored] : decodingTable(scaleType)[stored];
}

/** A token's place: its row among all rows of the codes, and its KV head. */
export interface RowPlace {
  /** Row of the codes: (id·H + h)·P + s, or id·P + s for `pooled`. */
  readonly row: number;
  /** KV head, which scales by head and channel go by. */
  readonly head: number;
}

/** A scale that lies behind the codes of a row. */
function inlineScale(o: {
  tensor: QuantisedTensor;
  format: QuantisedFormat;
  headSize: number;
  row: number;
}): number {
  const at = o.row * rowBytes(o.format, o.headSize) + codeBytes(o.format, o.headSize);
  const { buffer, byteOffset } = o.tensor.codes;
  const view = new DataView(buffer, byteOffset + at, 4);
  if (o.format.scaleType === "f32") return view.getFloat32(0, true);
  return scaleValue(o.format.scaleType, view.getUint16(0, true));
}

/** The scale of one element, all factors together; exact in float64. */
export function elementScale(
  o: { tensor: QuantisedTensor; format: QuantisedFormat; headSize: number },
  at: RowPlace & { element: number },
): number {
  const { tensor, format, headSize } = o;
  const stored = (index: number): number => scaleValue(format.scaleType, tensor.scales![index]);
  switch (format.granularity) {
    case "tensor":
      return stored(0);
    case "head":
      return stored(at.head);
    case "channel":
      return stored(at.head * headSize + at.element);
    case "token":
      return stored(at.row);
    case "inline":
      return inlineScale({ ...o, row: at.row });
    case "block": {
      const block = Math.floor((at.row * headSize + at.element) / BLOCK_ELEMENTS);
      return stored(block) * tensor.tensorScale![0];
    }
  }
}

/** The code of one element. */
export function elementCode(
  o: { tensor: QuantisedTensor; format: QuantisedFormat; headSize: number },
  at: { row: number; element: number },
): number {
  const base = at.row * rowBytes(o.format, o.headSize);
  if (CODE_FORMATS[o.format.codes].bits === 8) return o.tensor.codes[base + at.element];
  const pair = o.tensor.codes[base + (at.element >> 1)];
  return (at.element & 1) === 0 ? pair & 15 : pair >> 4;
}

/** Reads a row's values into one scratch array, which the next call overwrites. */
export type RowReader = (offset: number, head: number) => Float64Array;

/**
 * A reader of the exact values of a side's rows, whatever they are stored as; a quantised element is
 * (code − zero) · scale, NaN where the code or a scale is none.
 *
 * @returns Takes a row's offset in elements (`cacheOffset`) and its KV head, and gives [D] values in
 * an array that the next call overwrites.
 */
export function createRowReader(p: AttentionProblem, side: CacheSide): RowReader {
  const { headSize, storage } = p.shape;
  const scratch = new Float64Array(headSize);
  const format = sideFormat(p.shape, side);
  if (format === undefined) {
    const bits = p[side];
    const decoded = decodingTable(storage);
    return (offset) => {
      for (let d = 0; d < headSize; d++) scratch[d] = decoded[bits[offset + d]];
      return scratch;
    };
  }
  const tensor = sideTensor(p, side)!;
  const o = { tensor, format, headSize };
  const { codes } = tensor;
  const values = CODE_VALUES[format.codes];
  const bytes = rowBytes(format, headSize);
  const isPacked = CODE_FORMATS[format.codes].bits === 4;
  const zeros = decodedChannels(tensor.zeros, format.scaleType);
  const byChannel = format.granularity === "channel"
    ? decodedChannels(tensor.scales, format.scaleType)
    : null;
  const isByBlock = format.granularity === "block";
  return (offset, head) => {
    const row = offset / headSize;
    const base = row * bytes;
    const channels = head * headSize;
    let scale = 0;
    for (let element = 0; element < headSize; element++) {
      const code = isPacked
        ? (codes[base + (element >> 1)] >> ((element & 1) * 4)) & 15
        : codes[base + element];
      const zero = zeros === null ? 0 : zeros[channels + element];
      if (byChannel !== null) scale = byChannel[channels + element];
      else if (element === 0 || (isByBlock && element % BLOCK_ELEMENTS === 0)) {
        scale = elementScale(o, { row, head, element });
      }
      scratch[element] = (values[code] - zero) * scale;
    }
    return scratch;
  };
}

/**
 * Scales of a head's channels, which a kernel may take into the query or out of a sum.
 *
 * @returns [D]; null where a side's scales belong to anything else.
 */
export function channelScales(
  p: AttentionProblem,
  o: { readonly side: CacheSide; readonly head: number },
): Float64Array | null {
  const format = sideFormat(p.shape, o.side);
  if (format?.granularity !== "channel") return null;
  const { headSize } = p.shape;
  const { scales } = sideTensor(p, o.side)!;
  const own = scales!.subarray(o.head * headSize, (o.head + 1) * headSize);
  return decodedChannels(own, format.scaleType);
}

/** What channels share, [H, D], decoded once; null where a format has none. */
function decodedChannels(
  stored: QuantisedTensor["scales"],
  type: QuantisedFormat["scaleType"],
): Float64Array | null {
  return stored === undefined ? null : Float64Array.from(stored, (bits) => scaleValue(type, bits));
}
