/** Reading device memory on the host. */

import { createBuffer, type Gpu, GpuError } from "./gpu.ts";

/** A range of a buffer. */
export interface BufferRange {
  /** Where from. */
  readonly buffer: GPUBuffer;
  /** First byte; a multiple of 4. */
  readonly offsetBytes?: number;
  /** Bytes; a multiple of 4. */
  readonly sizeBytes: number;
}

/**
 * Copies ranges into host memory, one after the other, with a single wait.
 *
 * @param gpu The device.
 * @param ranges What to read.
 * @returns The bytes of all ranges, in order.
 * @throws {GpuError} If the device reported a fault while the work ran.
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
    await staging.mapAsync(GPUMapMode.READ);
    const bytes = staging.getMappedRange().slice(0, sizeBytes);
    staging.unmap();
    throwFaults(gpu);
    return bytes;
  } catch (error) {
    throwFaults(gpu);
    throw error;
  } finally {
    staging.destroy();
  }
}

/**
 * Turns faults that WebGPU reported out of band into an error.
 *
 * @throws {GpuError} With every fault so far, which are then forgotten.
 */
export function throwFaults(gpu: Gpu): void {
  if (gpu.faults.length === 0) return;
  const text = gpu.faults.splice(0).join("; ");
  const code = /lost/i.test(text)
    ? "device-lost"
    : /memory/i.test(text)
    ? "out-of-memory"
    : "validation";
  throw new GpuError(code, `The GPU reported a fault: ${text}`);
}
