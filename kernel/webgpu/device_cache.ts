/**
 * Key and value caches on the device, split over as many buffers as the adapter's largest binding
 * asks for.
 */

import type { Layout } from "../../allocator/mod.ts";
import type { StorageType } from "../storage_type.ts";
import type { AttentionProblem, AttentionShape } from "../problem.ts";
import {
  BLOCK_ELEMENTS,
  cacheRows,
  type QuantisedFormat,
  rowBytes,
  SCALE_BYTES,
} from "../quantised/quantised_format.ts";
import {
  type CacheSide,
  quantisedSides,
  type QuantisedTensor,
  sideFormat,
  SIDES,
  sideTensor,
} from "../quantised/quantised_tensor.ts";
import { hasScaleBuffer } from "./cache_sides.ts";
import { createTensor } from "./buffers.ts";
import type { Gpu } from "./gpu.ts";
import type { BufferRange } from "./read_back.ts";

/** Sizes of one cache. */
export interface CacheShape {
  /** H. */
  readonly kvHeads: number;
  /** D. */
  readonly headSize: number;
  /** P. */
  readonly pageSizeTokens: number;
  /** Page ids of one layer's tensor: N, or all head-pages of a pooled tensor. */
  readonly pageIds: number;
  readonly layout: Layout;
  /** Storage type of C16. */
  readonly storage: StorageType;
  /** How quantised keys are stored. */
  readonly keyFormat?: QuantisedFormat;
  /** How quantised values are stored. */
  readonly valueFormat?: QuantisedFormat;
}

/** One layer's keys and values. */
export interface DeviceLayer {
  /** Key buffers; buffer n holds rows [n · rowsPerBinding, (n + 1) · rowsPerBinding). */
  readonly keys: readonly GPUBuffer[];
  /** Value buffers, cut alike. */
  readonly values: readonly GPUBuffer[];
  /** Scales by token or block, where a side has them: the keys' before the values'. */
  readonly scales: readonly GPUBuffer[];
}

/** Caches of one or more layers. */
export interface DeviceCache {
  /** Sizes. */
  readonly shape: CacheShape;
  /** Rows of D elements from one page id to the next. */
  readonly pageRows: number;
  /** Rows from one head to the next within a page. */
  readonly headRows: number;
  /** Rows of a layer's keys in all. */
  readonly rows: number;
  /** Rows that one binding holds: whole pages. */
  readonly rowsPerBinding: number;
  /** Buffers that a layer's keys take, and as many for its values. */
  readonly bindings: number;
  readonly layers: readonly DeviceLayer[];
}

/** Bytes of a C16 element. */
const ELEMENT_BYTES = 2;

/** Bytes from one token's row to the next one's. */
export function sideRowBytes(
  shape: Pick<CacheShape, "headSize" | "keyFormat" | "valueFormat">,
  side: CacheSide,
): number {
  const format = side === "keys" ? shape.keyFormat : shape.valueFormat;
  return format === undefined ? shape.headSize * ELEMENT_BYTES : rowBytes(format, shape.headSize);
}

/** Bytes of a token's own scales in a buffer beside the codes; 0 where there are none. */
export function sideScaleBytes(
  shape: Pick<CacheShape, "headSize" | "keyFormat" | "valueFormat">,
  side: CacheSide,
): number {
  const format = side === "keys" ? shape.keyFormat : shape.valueFormat;
  if (format === undefined || !hasScaleBuffer(format)) return 0;
  return format.granularity === "block"
    ? shape.headSize / BLOCK_ELEMENTS
    : SCALE_BYTES[format.scaleType];
}

/** Page ids that a problem's cache has room for. */
export function shapePageIds(shape: AttentionShape): number {
  return shape.layout === "pooled" ? shape.poolPages ?? shape.pages * shape.kvHeads : shape.pages;
}

/** How a cache falls into bindings. */
export function planBindings(
  shape: CacheShape,
  maxBindingBytes: number,
): { pageRows: number; headRows: number; rowsPerBinding: number; bindings: number; rows: number } {
  const pooled = shape.layout === "pooled";
  const pageRows = pooled ? shape.pageSizeTokens : shape.kvHeads * shape.pageSizeTokens;
  const headRows = pooled ? 0 : shape.pageSizeTokens;
  const rows = shape.pageIds * pageRows;
  const pageBytes = pageRows * Math.max(...SIDES.map((side) => sideRowBytes(shape, side)));
  const pagesPerBinding = Math.max(1, Math.floor(maxBindingBytes / pageBytes));
  const bindings = Math.max(1, Math.ceil(shape.pageIds / pagesPerBinding));
  // Equal shares, so that the last binding is not a sliver.
  const rowsPerBinding = Math.ceil(shape.pageIds / bindings) * pageRows;
  return { pageRows, headRows, rowsPerBinding, bindings, rows };
}

/**
 * Makes the caches of `layers` layers, filled with zeros by the driver.
 *
 * @throws {GpuError} `limit` if a page is larger than the adapter's largest buffer.
 */
export function createDeviceCache(
  gpu: Gpu,
  o: { shape: CacheShape; layers: number },
): DeviceCache {
  const cut = planBindings(o.shape, gpu.maxBindingBytes);
  const layers = Array.from({ length: o.layers }, (_, layer) => {
    const parts = (side: CacheSide): GPUBuffer[] =>
      Array.from({ length: cut.bindings }, (_, n) => {
        const rows = Math.min(cut.rowsPerBinding, cut.rows - n * cut.rowsPerBinding);
        const label = `${side} of layer ${layer}, part ${n}`;
        return createTensor(gpu, label, rows * sideRowBytes(o.shape, side));
      });
    const scales = SIDES.flatMap((side) => {
      const sizeBytes = cut.rows * sideScaleBytes(o.shape, side);
      const label = `scales of ${side} of layer ${layer}`;
      return sizeBytes === 0 ? [] : [createTensor(gpu, label, sizeBytes)];
    });
    return { keys: parts("keys"), values: parts("values"), scales };
  });
  return { shape: o.shape, ...cut, layers };
}

/** Tensors of a cache on the host. */
export type CacheTensors = Pick<
  AttentionProblem,
  "shape" | "keys" | "values" | "quantisedKeys" | "quantisedValues"
>;

/** The same tensors after a step. */
export type CacheAfter = Omit<CacheTensors, "shape">;

/** The bytes of a typed array, padded to whole words of the device. */
function wordsOf(
  array: Uint8Array | Uint16Array | Float32Array,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(
    array.buffer as ArrayBuffer,
    array.byteOffset,
    array.byteLength,
  );
  if (bytes.length % 4 === 0) return bytes;
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  return padded;
}

/** Writes whole tensors of one layer: rows of bits or codes, and scales that belong to tokens. */
export function writeLayer(
  gpu: Gpu,
  o: { cache: DeviceCache; layer: number; tensors: CacheTensors },
): void {
  const { cache, tensors } = o;
  const { queue } = gpu.device;
  const layer = cache.layers[o.layer];
  let scaleBuffer = 0;
  for (const side of SIDES) {
    const quantised = sideTensor(tensors, side);
    const rows = wordsOf(quantised === undefined ? tensors[side] : quantised.codes);
    const partBytes = cache.rowsPerBinding * sideRowBytes(cache.shape, side);
    for (let n = 0; n < cache.bindings; n++) {
      queue.writeBuffer(layer[side][n], 0, rows.subarray(n * partBytes, (n + 1) * partBytes));
    }
    if (!hasScaleBuffer(sideFormat(tensors.shape, side))) continue;
    queue.writeBuffer(layer.scales[scaleBuffer++], 0, wordsOf(quantised!.scales!));
  }
}

/** All of one layer, for reading back: keys, then values, then scales that belong to tokens. */
export function layerRanges(cache: DeviceCache, layer: number): BufferRange[] {
  const ranges = (side: CacheSide): BufferRange[] =>
    cache.layers[layer][side].map((buffer, n) => {
      const rows = Math.min(cache.rowsPerBinding, cache.rows - n * cache.rowsPerBinding);
      return { buffer, sizeBytes: rows * sideRowBytes(cache.shape, side) };
    });
  const scales = cache.layers[layer].scales.map((buffer) => ({ buffer, sizeBytes: buffer.size }));
  return [...SIDES.flatMap(ranges), ...scales];
}

/** Takes the bytes of `layerRanges` apart into tensors like those that were written. */
export function decodeLayer(tensors: CacheTensors, bytes: ArrayBuffer): CacheAfter {
  const { shape } = tensors;
  const rows = cacheRows(shape);
  let at = 0;
  const taken: Record<CacheSide, Uint8Array> = { keys: new Uint8Array(), values: new Uint8Array() };
  for (const side of SIDES) {
    const length = rows * sideRowBytes(shape, side);
    taken[side] = new Uint8Array(bytes, at, length);
    at += length;
  }
  const c16 = (side: CacheSide): Uint16Array => {
    const { buffer, byteOffset, byteLength } = taken[side];
    if (sideFormat(shape, side) !== undefined) return new Uint16Array(0);
    return new Uint16Array(buffer, byteOffset, byteLength / 2);
  };
  const codes = (side: CacheSide): QuantisedTensor | undefined => {
    const before = sideTensor(tensors, side);
    if (before === undefined) return undefined;
    if (!hasScaleBuffer(sideFormat(shape, side))) return { ...before, codes: taken[side] };
    const scales = before.scales!.slice();
    new Uint8Array(scales.buffer).set(new Uint8Array(bytes, at, scales.byteLength));
    // Buffers are made in multiples of 16 bytes.
    at += Math.ceil(scales.byteLength / 16) * 16;
    return { ...before, codes: taken[side], scales };
  };
  return { keys: c16("keys"), values: c16("values"), ...quantisedSides(codes) };
}

/** Frees the buffers. */
export function destroyDeviceCache(cache: DeviceCache): void {
  for (const layer of cache.layers) {
    for (const buffer of [...layer.keys, ...layer.values, ...layer.scales]) buffer.destroy();
  }
}
