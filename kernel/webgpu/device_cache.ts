/**
 * Key and value caches on the device, split over as many buffers as the adapter's largest binding
 * asks for.
 */

import type { Layout } from "../../allocator/mod.ts";
import type { StorageType } from "../storage_type.ts";
import type { AttentionShape } from "../problem.ts";
import { createBuffer, type Gpu } from "./gpu.ts";
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
  /** Layout. */
  readonly layout: Layout;
  /** Storage type. */
  readonly storage: StorageType;
}

/** One layer's keys and values. */
export interface DeviceLayer {
  /** Key buffers; buffer n holds rows [n · rowsPerBinding, (n + 1) · rowsPerBinding). */
  readonly keys: readonly GPUBuffer[];
  /** Value buffers, cut alike. */
  readonly values: readonly GPUBuffer[];
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
  /** The layers. */
  readonly layers: readonly DeviceLayer[];
}

/** Bytes of a C16 element. */
const ELEMENT_BYTES = 2;

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
  const pageBytes = pageRows * shape.headSize * ELEMENT_BYTES;
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
  const rowBytes = o.shape.headSize * ELEMENT_BYTES;
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const layers = Array.from({ length: o.layers }, (_, layer) => {
    const parts = (what: string): GPUBuffer[] =>
      Array.from({ length: cut.bindings }, (_, n) => {
        const rows = Math.min(cut.rowsPerBinding, cut.rows - n * cut.rowsPerBinding);
        const label = `${what} of layer ${layer}, part ${n}`;
        return createBuffer(gpu, { label, sizeBytes: rows * rowBytes, usage });
      });
    return { keys: parts("keys"), values: parts("values") };
  });
  return { shape: o.shape, ...cut, layers };
}

/** Writes whole tensors of one layer: bits of the storage type, [rows, D]. */
export function writeLayer(
  gpu: Gpu,
  o: { cache: DeviceCache; layer: number; keys: Uint16Array; values: Uint16Array },
): void {
  const { cache } = o;
  const elements = cache.rowsPerBinding * cache.shape.headSize;
  const { keys, values } = cache.layers[o.layer];
  for (let n = 0; n < cache.bindings; n++) {
    const part = (bits: Uint16Array): BufferSource =>
      bits.subarray(n * elements, (n + 1) * elements) as Uint16Array<ArrayBuffer>;
    gpu.device.queue.writeBuffer(keys[n], 0, part(o.keys));
    gpu.device.queue.writeBuffer(values[n], 0, part(o.values));
  }
}

/** All of one layer, for reading back: keys, then values. */
export function layerRanges(cache: DeviceCache, layer: number): BufferRange[] {
  const rowBytes = cache.shape.headSize * ELEMENT_BYTES;
  const ranges = (parts: readonly GPUBuffer[]): BufferRange[] =>
    parts.map((buffer, n) => {
      const rows = Math.min(cache.rowsPerBinding, cache.rows - n * cache.rowsPerBinding);
      return { buffer, sizeBytes: rows * rowBytes };
    });
  const { keys, values } = cache.layers[layer];
  return [...ranges(keys), ...ranges(values)];
}

/** Frees the buffers. */
export function destroyDeviceCache(cache: DeviceCache): void {
  for (const layer of cache.layers) {
    for (const buffer of [...layer.keys, ...layer.values]) buffer.destroy();
  }
}
