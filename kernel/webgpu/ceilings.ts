/**
 * What this adapter can do at best, by the same compiler and timers that time the kernel: bytes read
 * a second, and f32 multiply-adds a second.
 */

import { fillRandom } from "./fill.ts";
import { createBuffer, type Gpu, GpuError } from "./gpu.ts";
import { measureMatrixCeiling } from "./matrix_ceiling.ts";
import { medianTime, timeProgram } from "./pass_timer.ts";
import type { Program } from "./program.ts";

/** Measured ceilings. */
export interface GpuCeilings {
  /** Bytes read a second, median of the runs. */
  readonly memoryBytesPerSecond: number;
  /** f32 operations per second, a multiply-add counting as two, median of the runs. */
  readonly flopsPerSecond: number;
  /** Operations per second of f16 subgroup matrices that add up in f32; null where there are none. */
  readonly matrixFlopsPerSecond?: number | null;
  /** Largest over smallest time of the runs. */
  readonly spread: { readonly memory: number; readonly flops: number };
  /** Bytes that one run read. */
  readonly bytesRead: number;
}

const LANES = 256;
const LOADS = 8;
const CHAINS = 8;
const ROUNDS = 64;
const UNROLL = 8;
const RUNS = 15;

function repeat(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index)).join("\n");
}

// Eight 16-byte loads in flight from each of two buffers, as a kernel reads keys and values.
function readProgram(): Program {
  const code = `
@group(0) @binding(0) var<storage, read> first: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read> second: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> sink: array<u32>;

@compute @workgroup_size(${LANES})
fn readAll(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let base = (workgroup.x + workgroup.y * 32768u) * ${LANES * LOADS}u + local;
${repeat(LOADS, (i) => `  let a${i} = first[base + ${i * LANES}u];`)}
${repeat(LOADS, (i) => `  let b${i} = second[base + ${i * LANES}u];`)}
  var all = vec4<u32>(0u);
${repeat(LOADS, (i) => `  all ^= a${i} ^ b${i};`)}
  // Never true for hashed contents in practice; keeps the loads alive.
  if ((all.x ^ all.y ^ all.z ^ all.w) == 0x5eed1e55u) {
    sink[0] = all.x;
  }
}`;
  return { name: "ceiling:read", code, entryPoint: "readAll", workgroupSize: LANES };
}

/** Independent chains of multiply-adds: also what keeps a GPU's clocks up while it waits. */
export function multiplyAddProgram(): Program {
  const chain = (i: number): string => `    a${i} = fma(a${i}, x, y);`;
  const code = `
@group(0) @binding(0) var<storage, read_write> sink: array<f32>;

@compute @workgroup_size(${LANES})
fn multiplyAdd(@builtin(global_invocation_id) invocation: vec3<u32>) {
  let x = vec4<f32>(f32(invocation.x) * 1e-9 + 0.999);
  let y = vec4<f32>(f32(invocation.y) + 1e-3);
${repeat(CHAINS, (i) => `  var a${i} = x + ${i}.0;`)}
  for (var round = 0u; round < ${ROUNDS}u; round++) {
${repeat(UNROLL, () => repeat(CHAINS, chain))}
  }
  let sum = ${Array.from({ length: CHAINS }, (_, i) => `a${i}`).join(" + ")};
  if (sum.x + sum.y + sum.z + sum.w == 1.2345) {
    sink[0] = sum.x;
  }
}`;
  return { name: "ceiling:multiply_add", code, entryPoint: "multiplyAdd", workgroupSize: LANES };
}

/** Workgroups of the multiply-add program that take about a millisecond on a data-centre GPU. */
export function multiplyAddWorkgroups(gpu: Gpu): number {
  return gpu.isSoftware ? 32 : 8192;
}

/**
 * Measures the ceilings.
 *
 * @param gpu An open GPU with timestamp queries.
 * @returns Medians over the runs, after warming up.
 * @throws {GpuError} `limit` if the adapter cannot time passes.
 */
export async function measureCeilings(gpu: Gpu): Promise<GpuCeilings> {
  if (!gpu.hasTimestamps) {
    throw new GpuError("limit", "Cannot measure ceilings: the adapter has no timestamp queries");
  }
  const usage = GPUBufferUsage.STORAGE;
  // Far beyond any cache on a GPU; small on a CPU, where it would only take long.
  const sizeBytes = gpu.isSoftware ? 2 ** 24 : Math.min(2 ** 29, gpu.maxBindingBytes);
  const buffers = ["first", "second"].map((label) =>
    createBuffer(gpu, { label, sizeBytes, usage })
  );
  const sink = createBuffer(gpu, { label: "sink", sizeBytes: 16, usage });
  try {
    await fillRandom(gpu, { buffers, storage: "bf16", seed: 1 });
    const readWorkgroups = Math.floor(sizeBytes / 16 / (LANES * LOADS));
    const readMs = await timeProgram(gpu, readProgram(), {
      runs: RUNS,
      workgroups: readWorkgroups,
      inputs: buffers,
      output: sink,
    });
    const fmaWorkgroups = multiplyAddWorkgroups(gpu);
    const fmaMs = await timeProgram(gpu, multiplyAddProgram(), {
      runs: RUNS,
      workgroups: fmaWorkgroups,
      output: sink,
    });
    const bytesRead = 2 * readWorkgroups * LANES * LOADS * 16;
    const flops = fmaWorkgroups * LANES * ROUNDS * UNROLL * CHAINS * 4 * 2;
    return {
      memoryBytesPerSecond: bytesRead / (medianTime(readMs) / 1000),
      flopsPerSecond: flops / (medianTime(fmaMs) / 1000),
      matrixFlopsPerSecond: await measureMatrixCeiling(gpu),
      spread: { memory: spread(readMs), flops: spread(fmaMs) },
      bytesRead,
    };
  } finally {
    for (const buffer of [...buffers, sink]) buffer.destroy();
  }
}

function spread(values: Float64Array): number {
  return Math.max(...values) / Math.min(...values);
}
