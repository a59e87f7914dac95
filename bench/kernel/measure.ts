/** Runs one case on a GPU: checked first, then timed. */

import {
  answered,
  type AttendTuning,
  type Gpu,
  GpuError,
  type Multiplier,
  multiplierOf,
  timeAttention,
  withTunedMatrices,
} from "../../kernel/mod.ts";
import type { KernelCase } from "./case.ts";
import type { KernelCaseResult, KernelFigures, KernelOutcome } from "./result_schema.ts";
import { buildKernelStep, formatsOf, kernelLayerBytes, kernelLayers } from "./step.ts";

/** A software device attends caches up to this size in the time that one waits for a benchmark. */
const SOFTWARE_CACHE_BYTES = 64 * 2 ** 20;

/** How a case is measured. */
export interface KernelMeasureOptions {
  /** Timed runs. */
  readonly runs: number;
  /** Rows checked against the oracle. */
  readonly checks: number;
  /** Seed of pages, contents and checked rows. */
  readonly seed: number;
  /** Caches beyond this many gigabytes (10⁹ bytes) are skipped. */
  readonly maxGigabytes: number;
  /** Tuning other than the default. */
  readonly tuning: AttendTuning | null;
}

/** A measured case before it is held against ceilings. */
export type RawKernelCase = Omit<KernelCaseResult, "outcome"> & {
  /** Times without figures, or why there are none. */
  readonly outcome:
    | Omit<Extract<KernelOutcome, { kind: "timed" }>, keyof { figures: KernelFigures }>
    | Exclude<KernelOutcome, { kind: "timed" }>;
};

/** Measures one case; what is wrong with it is its outcome, never an exception. */
export async function measureKernelCase(
  gpu: Gpu,
  kernelCase: KernelCase,
  o: KernelMeasureOptions,
): Promise<RawKernelCase> {
  const layers = kernelLayers(kernelCase, gpu);
  const cacheBytes = kernelLayerBytes(kernelCase) * layers;
  const { work, batch, runner } = buildKernelStep(kernelCase, { seed: o.seed, layers });
  const result = { case: kernelCase, work, layers, cacheBytes };
  const refusal = refuse(gpu, cacheBytes, o.maxGigabytes);
  if (refusal !== null) return { ...result, outcome: { kind: "skipped", reason: refusal } };
  const faultsBefore = gpu.faults.length;
  try {
    const timing = await timeAttention(gpu, batch, {
      runner,
      runs: o.runs,
      samples: o.checks,
      ...(o.tuning === null ? {} : { tuning: o.tuning }),
    });
    // Waits until what the case held is free, so that the next one has all of the memory.
    await answered(gpu, gpu.device.queue.onSubmittedWorkDone(), "freeing the caches of a case");
    if (gpu.faults.length > faultsBefore) {
      return { ...result, outcome: { kind: "failed", reason: gpu.faults[faultsBefore] } };
    }
    const { verification } = timing;
    if (!verification.ok) {
      return { ...result, outcome: { kind: "wrong", reason: verification.message } };
    }
    // Browsers round timestamps, to 65,536 ns in Chromium: there is no rate without a time.
    if (timing.samplesMs.some((sampleMs) => sampleMs <= 0)) {
      const reason = "it takes less than a step of the adapter's timer";
      return { ...result, outcome: { kind: "skipped", reason } };
    }
    return {
      ...result,
      outcome: {
        kind: "timed",
        samplesMs: [...timing.samplesMs],
        worstBudgetUsed: verification.worstBudgetUsed,
        keysRead: timing.keysRead,
        items: Object.fromEntries([...timing.items].map(([rows, count]) => [`${rows}`, count])),
        splitRows: timing.splitRows,
        dispatches: timing.items.size + (timing.splitRows > 0 ? 1 : 0),
        host: timing.host,
        tuning: storedTuning(o.tuning),
        arithmetic: tallestMultiplier(gpu, kernelCase, o.tuning),
      },
    };
  } catch (error) {
    if (!(error instanceof GpuError)) throw error;
    // What the adapter does not allow is no fault of the kernel.
    const kind = error.code === "limit" ? "skipped" : "failed";
    return { ...result, outcome: { kind, reason: error.message } };
  }
}

/** A tuning as a result has it; null is the default. */
export function storedTuning(tuning: AttendTuning | null): Record<string, number> | null {
  return tuning === null ? null : flatTuning(tuning);
}

/** A tuning as one record of numbers: the matrix kernel's parts follow the others, then short steps'. */
function flatTuning({ matrix, short, ...parts }: AttendTuning): Record<string, number> {
  const all = [
    ...Object.entries({ ...parts, ...matrix }),
    ...Object.entries(short ?? {}).map(([part, value]) => [`short.${part}`, value] as const),
  ];
  return Object.fromEntries(all.map(([part, value]) => [part, Number(value)]));
}

/** What multiplies the rows of the case's longest step. */
export function tallestMultiplier(
  gpu: Gpu,
  { shape, requests }: KernelCase,
  tuning: AttendTuning | null = null,
): Multiplier {
  const { keyFormat: _keys, valueFormat: _values, ...sizes } = shape;
  const queryHeads = shape.kvHeads * shape.group;
  const queryTokens = Math.max(...requests.map((each) => each.queryTokens));
  return multiplierOf(withTunedMatrices(gpu, tuning).target, {
    shape: { ...sizes, queryHeads, ...formatsOf(shape) },
    queryTokens,
  });
}

function refuse(gpu: Gpu, cacheBytes: number, maxGigabytes: number): string | null {
  const gigabytes = (cacheBytes / 1e9).toFixed(1);
  if (cacheBytes > maxGigabytes * 1e9) {
    return `the caches take ${gigabytes} GB, more than the ${maxGigabytes} GB allowed`;
  }
  if (gpu.isSoftware && cacheBytes > SOFTWARE_CACHE_BYTES) {
    return `the caches take ${gigabytes} GB, too much for an adapter that runs on the CPU`;
  }
  return null;
}
