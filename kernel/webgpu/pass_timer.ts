/** GPU time of compute passes by timestamp queries, with the clocks up. */

import { createBindGroup, createLayout } from "./buffers.ts";
import { compileProgram, createBuffer, type Gpu } from "./gpu.ts";
import type { Program } from "./program.ts";
import { readBack } from "./read_back.ts";

/** A query set holds this many timestamps at most on every adapter. */
export const MAX_TIMESTAMPS = 4096;

/** Queries and the buffer that they resolve into. */
export interface PassTimer {
  /** The queries; pass i uses 2i and 2i + 1. */
  readonly queries: GPUQuerySet;
  /** Resolved ticks. */
  readonly ticks: GPUBuffer;
  /** Passes that can be timed before a read. */
  readonly capacity: number;
}

/** Makes a timer for so many passes. */
export function createPassTimer(gpu: Gpu, passes: number): PassTimer {
  const capacity = Math.min(passes, MAX_TIMESTAMPS / 2);
  return {
    queries: gpu.device.createQuerySet({ type: "timestamp", count: capacity * 2 }),
    ticks: createBuffer(gpu, {
      label: "timestamps",
      sizeBytes: capacity * 16,
      usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
    }),
    capacity,
  };
}

/** Timestamps of pass `index`, for `beginComputePass`. */
export function timestampWrites(timer: PassTimer, index: number): GPUComputePassTimestampWrites {
  return {
    querySet: timer.queries,
    beginningOfPassWriteIndex: index * 2,
    endOfPassWriteIndex: index * 2 + 1,
  };
}

/** Milliseconds of the first `count` passes. */
export async function readPassTimes(
  gpu: Gpu,
  timer: PassTimer,
  count: number,
): Promise<Float64Array<ArrayBuffer>> {
  const encoder = gpu.device.createCommandEncoder();
  encoder.resolveQuerySet(timer.queries, 0, count * 2, timer.ticks, 0);
  gpu.device.queue.submit([encoder.finish()]);
  const bytes = await readBack(gpu, [{ buffer: timer.ticks, sizeBytes: count * 16 }]);
  const ticks = new BigUint64Array(bytes);
  // A tick is a nanosecond in WebGPU.
  return Float64Array.from(
    { length: count },
    (_, i) => Number(ticks[2 * i + 1] - ticks[2 * i]) / 1e6,
  );
}

/** Median of times; of an even number, the upper of the two in the middle. */
export function medianTime(timesMs: ArrayLike<number>): number {
  return Float64Array.from(timesMs).sort()[timesMs.length >> 1];
}

/** Frees the timer. */
export function destroyPassTimer(timer: PassTimer): void {
  timer.queries.destroy();
  timer.ticks.destroy();
}

/** Passes that are run between two looks at whether the clocks still rise. */
const WARM_UP_MS = 100;
/** Looks at most. */
const MAX_WARM_UPS = 20;
/** A pass that became faster by less than this share has reached its clocks. */
const SETTLED = 0.02;

/**
 * Times a pass `runs` times. An idle GPU lowers its clocks within tenths of a second and then runs
 * several times slower, so the pass itself runs untimed first, until it no longer becomes faster.
 *
 * @param o How many timed runs, what a pass records, and what is recorded before the last run.
 * @returns Milliseconds of each run.
 */
export async function timePasses(
  gpu: Gpu,
  o: {
    runs: number;
    encode: (pass: GPUComputePassEncoder) => void;
    beforeLast?: (encoder: GPUCommandEncoder) => void;
  },
): Promise<Float64Array<ArrayBuffer>> {
  const timer = createPassTimer(gpu, o.runs);
  try {
    submitTimed(0, 1);
    let [lastMs] = await readPassTimes(gpu, timer, 1);
    if (!gpu.isSoftware) {
      let settled = 0;
      for (let look = 0; look < MAX_WARM_UPS && settled < 2; look++) {
        submitTimed(Math.min(4000, Math.ceil(WARM_UP_MS / lastMs)), 1);
        const [nowMs] = await readPassTimes(gpu, timer, 1);
        settled = nowMs > lastMs * (1 - SETTLED) ? settled + 1 : 0;
        lastMs = nowMs;
      }
    }
    const warmUps = gpu.isSoftware ? 0 : Math.min(4000, Math.ceil(WARM_UP_MS / lastMs));
    submitTimed(warmUps, o.runs, o.beforeLast);
    return await readPassTimes(gpu, timer, o.runs);
  } finally {
    destroyPassTimer(timer);
  }

  function submitTimed(
    warmUps: number,
    runs: number,
    beforeLast?: (encoder: GPUCommandEncoder) => void,
  ): void {
    const encoder = gpu.device.createCommandEncoder();
    if (warmUps > 0) {
      const pass = encoder.beginComputePass();
      for (let i = 0; i < warmUps; i++) o.encode(pass);
      pass.end();
    }
    for (let i = 0; i < runs; i++) {
      if (i === runs - 1) beforeLast?.(encoder);
      const pass = encoder.beginComputePass({ timestampWrites: timestampWrites(timer, i) });
      o.encode(pass);
      pass.end();
    }
    gpu.device.queue.submit([encoder.finish()]);
  }
}

/**
 * Compiles a program and times passes of it.
 *
 * @param o Timed passes, dependent dispatches of one (1 by default), workgroups of a dispatch, and
 *   what it reads before what it writes.
 * @returns Milliseconds of each pass.
 */
export async function timeProgram(
  gpu: Gpu,
  program: Program,
  o: {
    readonly runs: number;
    readonly dispatches?: number;
    readonly workgroups: number;
    readonly inputs?: readonly GPUBuffer[];
    readonly output: GPUBuffer;
  },
): Promise<Float64Array<ArrayBuffer>> {
  const inputs = o.inputs ?? [];
  const layout = createLayout(gpu, [...inputs.map(() => "read-only-storage" as const), "storage"]);
  const pipeline = await compileProgram(gpu, program, layout);
  const buffers = [...inputs, o.output].map((buffer) => ({ buffer }));
  const group = createBindGroup(gpu, layout, buffers);
  return timePasses(gpu, {
    runs: o.runs,
    encode: (pass) => {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      for (let i = 0; i < (o.dispatches ?? 1); i++) pass.dispatchWorkgroups(o.workgroups);
    },
  });
}
