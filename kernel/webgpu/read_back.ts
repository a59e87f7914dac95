/** Reading device memory on the host. */

import { createBuffer, type Gpu } from "./gpu.ts";
import { answered, throwFaults } from "./wait.ts";

/** A range of a buffer. */
export interface BufferRange {
  readonly buffer: GPUBuffer;
  /** First byte; a multiple of 4. */
  readonly offsetBytes?: number;
  /** Bytes; a multiple of 4. */
  readonly sizeBytes: number;
}

/**
 * Copies ranges into host memory, one after the other, with a single wait.
 *
 * @returns The bytes of all ranges, in order.
 * @throws {GpuError} If the device reported a fault while the work ran, or did not answer.
 */
export async function readBack(gpu: Gpu, ranges: readonly BufferRange[]): Promise<ArrayBuffer> {
  const sizeBytes = ranges.reduce((sum, range) => sum + range.sizeBytes, 0);
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  const staging = createBuffer(gpu, { label: "read back", sizeBytes, usage });
  const encoder = gpu.device.createCommandEncoder();
  let at = 0;
  for (const range of ranges) {
    encoder.copyBufferToBuffer(range.buffer, range.offsetBytes ?? 0, staging, at, range.sizeBytes);
    at += range.sizeBytes;
  }
  gpu.device.queue.submit([encoder.finish()]);
  try {
    await answered(gpu, staging.mapAsync(GPUMapMode.READ), "reading back");
    const bytes = staging.getMappedRange().slice(0, sizeBytes);
    staging.unmap();
    throwFaults(gpu);
    return bytes;
  } finally {
    staging.destroy();
  }
}
