/** Storage buffers that grow, bind group layouts, and dispatches wider than one dimension. */

import { createBuffer, type Gpu } from "./gpu.ts";
import type { WordList } from "./plan.ts";

/** As in params.wgsl: workgroups along x. */
const DISPATCH_WIDTH = 32768;

/** A storage buffer that is replaced by a larger one when it is too small. */
export interface GrowingBuffer {
  /** The present buffer. */
  buffer: GPUBuffer;
  readonly label: string;
  /** Its usage flags. */
  readonly usage: number;
}

/** Makes a growing buffer of a few kilobytes. */
export function createGrowing(gpu: Gpu, label: string, usage: number): GrowingBuffer {
  return { buffer: createBuffer(gpu, { label, sizeBytes: 4096, usage }), label, usage };
}

/**
 * Makes room for `sizeBytes`; contents are lost when the buffer is replaced.
 *
 * @returns Whether it was replaced, so that bind groups must be remade.
 */
export function growTo(gpu: Gpu, growing: GrowingBuffer, sizeBytes: number): boolean {
  if (sizeBytes <= growing.buffer.size) return false;
  // Work in flight keeps the old buffer alive; WebGPU frees it afterwards.
  growing.buffer.destroy();
  growing.buffer = createBuffer(gpu, {
    label: growing.label,
    sizeBytes: Math.max(sizeBytes, Math.min(growing.buffer.size * 2, 2 ** 28)),
    usage: growing.usage,
  });
  return true;
}

/** Writes the words in use of a list. */
export function writeWords(gpu: Gpu, buffer: GPUBuffer, list: WordList, offsetBytes: number): void {
  gpu.device.queue.writeBuffer(buffer, offsetBytes, list.words, 0, list.length);
}

/** A tensor that the host writes, programs use and the host reads back. */
export function createTensor(gpu: Gpu, label: string, sizeBytes: number): GPUBuffer {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  return createBuffer(gpu, { label, sizeBytes, usage });
}

/** Submits one pass. */
export function submitPass(gpu: Gpu, record: (pass: GPUComputePassEncoder) => void): void {
  const encoder = gpu.device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  record(pass);
  pass.end();
  gpu.device.queue.submit([encoder.finish()]);
}

/** A layout of buffers at bindings 0, 1, 2, … */
export function createLayout(
  gpu: Gpu,
  types: readonly GPUBufferBindingType[],
): GPUBindGroupLayout {
  return gpu.device.createBindGroupLayout({
    entries: types.map((type, binding) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      buffer: { type },
    })),
  });
}

/** Binds buffers (or parts of them) at bindings 0, 1, 2, … */
export function createBindGroup(
  gpu: Gpu,
  layout: GPUBindGroupLayout,
  resources: readonly GPUBufferBinding[],
): GPUBindGroup {
  gpu.objects.made++;
  return gpu.device.createBindGroup({
    layout,
    entries: resources.map((resource, binding) => ({ binding, resource })),
  });
}

/** Dispatches any number of workgroups; shaders undo the fold and skip what is past the end. */
export function dispatchWide(pass: GPUComputePassEncoder, workgroups: number): void {
  pass.dispatchWorkgroups(
    Math.min(workgroups, DISPATCH_WIDTH),
    Math.ceil(workgroups / DISPATCH_WIDTH),
  );
}
