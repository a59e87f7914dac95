/** Pages of one KV head read back from the device, as the cache of a problem of their own. */

import type { AttentionProblem, AttentionShape } from "../problem.ts";
import type { QuantisedFormat } from "../quantised/quantised_format.ts";
import {
  type CacheSide,
  quantisedSides,
  type QuantisedTensor,
  sideFormat,
  SIDES,
  sideTensor,
} from "../quantised/quantised_tensor.ts";
import { hasScaleBuffer } from "./cache_sides.ts";
import { type DeviceCache, sideRowBytes, sideScaleBytes } from "./device_cache.ts";
import type { BufferRange } from "./read_back.ts";

/** Scales and zero points that tokens share, of a cache whose codes are on the device. */
export type SharedScales = Pick<AttentionProblem, "quantisedKeys" | "quantisedValues">;

/** The pages to read: ids in the order of the table's columns, of one head. */
export interface SamplePages {
  readonly cache: DeviceCache;
  /** Layer of the cache. */
  readonly layer: number;
  readonly ids: readonly number[];
  /** KV head. */
  readonly head: number;
}

/** What to read: pages of keys, of values, then scales that tokens have for themselves. */
export function sampleRanges(o: SamplePages): BufferRange[] {
  const { cache, ids, head } = o;
  const { pageSizeTokens } = cache.shape;
  const layer = cache.layers[o.layer];
  const rowOf = (id: number): number => id * cache.pageRows + head * cache.headRows;
  const pages = SIDES.flatMap((side) => {
    const rowBytes = sideRowBytes(cache.shape, side);
    return ids.map((id) => ({
      buffer: layer[side][Math.floor(rowOf(id) / cache.rowsPerBinding)],
      offsetBytes: rowOf(id) % cache.rowsPerBinding * rowBytes,
      sizeBytes: pageSizeTokens * rowBytes,
    }));
  });
  const scaled = SIDES.filter((side) => sideScaleBytes(cache.shape, side) > 0);
  const scales = scaled.flatMap((side, index) => {
    const rowBytes = sideScaleBytes(cache.shape, side);
    return ids.map((id) => ({
      buffer: layer.scales[index],
      offsetBytes: rowOf(id) * rowBytes,
      sizeBytes: pageSizeTokens * rowBytes,
    }));
  });
  return [...pages, ...scales];
}

/** Shared scales of one head alone. */
function headPart(
  tensor: QuantisedTensor,
  o: { format: QuantisedFormat; headSize: number; head: number },
): Pick<QuantisedTensor, "scales" | "zeros" | "tensorScale"> {
  const { format, headSize, head } = o;
  const channels = <T extends { slice(from: number, to: number): T }>(part: T): T =>
    part.slice(head * headSize, (head + 1) * headSize);
  const { scales, zeros, tensorScale } = tensor;
  return {
    ...(format.granularity === "tensor" ? { scales: scales! } : {}),
    ...(format.granularity === "head" ? { scales: scales!.slice(head, head + 1) } : {}),
    ...(format.granularity === "channel" ? { scales: channels(scales! as Float32Array) } : {}),
    ...(zeros === undefined ? {} : { zeros: channels(zeros as Float32Array) }),
    ...(tensorScale === undefined ? {} : { tensorScale }),
  };
}

/** An array over some bytes, of the type that a format's scales have. */
function scaleArray(
  format: QuantisedFormat,
  bytes: ArrayBuffer,
): Float32Array | Uint16Array | Uint8Array {
  if (format.scaleType === "f32") return new Float32Array(bytes);
  return format.scaleType === "fp8_e4m3" ? new Uint8Array(bytes) : new Uint16Array(bytes);
}

/**
 * Takes the bytes of `sampleRanges` apart.
 *
 * @param o What was read, sizes of the whole cache, and scales that tokens share.
 * @param bytes The bytes.
 * @returns Keys and values of a cache of as many pages and one KV head.
 */
export function decodeSample(
  o: SamplePages & { readonly shape: AttentionShape; readonly shared: SharedScales },
  bytes: ArrayBuffer,
): Pick<AttentionProblem, "keys" | "values" | "quantisedKeys" | "quantisedValues"> {
  const { shape, ids, head } = o;
  const { headSize, pageSizeTokens } = shape;
  const rows = ids.length * pageSizeTokens;
  let at = 0;
  const take = (sizeBytes: number): ArrayBuffer => {
    const part = bytes.slice(at, at + sizeBytes);
    at += sizeBytes;
    return part;
  };
  const pages = Object.fromEntries(
    SIDES.map((side) => [side, take(rows * sideRowBytes(shape, side))]),
  ) as Record<CacheSide, ArrayBuffer>;
  const quantised = (side: CacheSide): QuantisedTensor | undefined => {
    const format = sideFormat(shape, side);
    const shared = sideTensor(o.shared, side);
    if (format === undefined || shared === undefined) return undefined;
    return {
      codes: new Uint8Array(pages[side]),
      ...headPart(shared, { format, headSize, head }),
      ...(hasScaleBuffer(format)
        ? { scales: scaleArray(format, take(rows * sideScaleBytes(shape, side))) }
        : {}),
    };
  };
  const c16 = (side: CacheSide): Uint16Array =>
    sideFormat(shape, side) === undefined ? new Uint16Array(pages[side]) : new Uint16Array(0);
  return { keys: c16("keys"), values: c16("values"), ...quantisedSides(quantised) };
}
