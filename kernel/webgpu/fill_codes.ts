/** Seeded codes and scales for quantised caches on the device. */

import { createRandom } from "../../allocator/mod.ts";
import type { AttentionShape } from "../problem.ts";
import { quantisedSides, sideFormat } from "../quantised/quantised_tensor.ts";
import { randomQuantised } from "../quantised/random_quantised.ts";
import { hasScaleBuffer } from "./cache_sides.ts";
import type { DeviceCache } from "./device_cache.ts";
import { createBuffer, type Gpu } from "./gpu.ts";
import type { SharedScales } from "./sample_cache.ts";

/** Rows that are drawn; larger caches repeat them. */
const PATTERN_ROWS = 16_384;

/** Repeats a pattern over buffers, on the device. */
function repeatPattern(gpu: Gpu, o: { pattern: Uint8Array; into: readonly GPUBuffer[] }): void {
  const usage = GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const sizeBytes = Math.floor(o.pattern.byteLength / 4) * 4;
  const source = createBuffer(gpu, { label: "pattern", sizeBytes, usage });
  gpu.device.queue.writeBuffer(source, 0, o.pattern as Uint8Array<ArrayBuffer>, 0, sizeBytes);
  const encoder = gpu.device.createCommandEncoder();
  for (const buffer of o.into) {
    for (let at = 0; at < buffer.size; at += sizeBytes) {
      encoder.copyBufferToBuffer(source, 0, buffer, at, Math.min(sizeBytes, buffer.size - at));
    }
  }
  gpu.device.queue.submit([encoder.finish()]);
  source.destroy();
}

function bytesOf(array: Uint8Array | Uint16Array | Float32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/**
 * Fills the quantised sides of every layer with codes over the whole range and scales of tokens.
 *
 * @returns Scales and zero points that tokens share, on the host; codes in them mean nothing.
 */
export function fillCodes(
  gpu: Gpu,
  o: { cache: DeviceCache; shape: AttentionShape; seed: number },
): SharedScales {
  const { cache } = o;
  const random = createRandom(o.seed);
  const pageRows = o.shape.kvHeads * o.shape.pageSizeTokens;
  const pages = Math.ceil(Math.min(cache.rows, PATTERN_ROWS) / pageRows);
  const shape: AttentionShape = { ...o.shape, layout: "headwise", pages };
  let scaleBuffer = 0;
  return quantisedSides((side) => {
    const format = sideFormat(shape, side);
    if (format === undefined) return undefined;
    const tensor = randomQuantised(format, { random, shape });
    repeatPattern(gpu, {
      pattern: tensor.codes,
      into: cache.layers.flatMap((layer) => layer[side]),
    });
    if (hasScaleBuffer(format)) {
      const place = scaleBuffer++;
      repeatPattern(gpu, {
        pattern: bytesOf(tensor.scales!),
        into: cache.layers.map((layer) => layer.scales[place]),
      });
    }
    return tensor;
  });
}
