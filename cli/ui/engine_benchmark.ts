/** The kernel benchmark, sized to the visitor's GPU. */

import {
  drawRoofline,
  type KernelResult,
  runKernelBench,
  serializeResult,
  sizedKernelCases,
} from "../../bench/mod.ts";
import { type Gpu, GpuError, measureCeilings } from "../../kernel/mod.ts";
import type { RunPlace } from "./engine_suites.ts";
import { timerStepMs } from "./timer_step.ts";

/** Runs of a case: enough for quartiles, few enough to wait for. */
const RUNS = 15;
/** Each takes long on a CPU, and tells nothing of a GPU anyway. */
const SOFTWARE_RUNS = 3;
/** Rows of a case that are held against the oracle. */
const CHECKS = 4;
/** No visitor is asked for more of the GPU's memory. */
const MAX_LAYER_BYTES = 2 ** 29;
const MAX_GIGABYTES = 2;

/** Runs the benchmark and tells its outcome; what the device cannot do is a reason, no exception. */
export async function runBenchmark(place: RunPlace): Promise<void> {
  const { gpu, post } = place;
  if (!gpu.hasTimestamps) {
    const reason = `${gpu.adapter.description} has no timestamp queries, so nothing can be timed`;
    return post({ kind: "benchmark-skipped", reason });
  }
  try {
    await measure(place);
  } catch (error) {
    if (!(error instanceof GpuError) || error.code === "device-lost") throw error;
    post({ kind: "benchmark-skipped", reason: error.message });
  }
}

/** Measures ceilings, sizes a few cases by them, and times these between two more measurements. */
async function measure({ gpu, environment, signal, post }: RunPlace): Promise<void> {
  post({ kind: "benchmark-step", label: "ceilings of memory and arithmetic", share: 0 });
  const ceilings = await measureCeilings(gpu);
  const cases = sizedKernelCases(ceilings, { maxCacheBytes: maxLayerBytes(gpu) });
  const result = await runKernelBench(gpu, {
    cases,
    runs: gpu.isSoftware ? SOFTWARE_RUNS : RUNS,
    checks: CHECKS,
    maxGigabytes: MAX_GIGABYTES,
    environment,
    signal,
    onCase: ({ name, index }) =>
      post({ kind: "benchmark-step", label: name, share: (index + 1) / (cases.length + 1) }),
  });
  // A buffer that could not be had makes passes fast and figures wrong.
  if (gpu.faults.length > 0) {
    const reason = `The device reported a fault: ${gpu.faults[0]}`;
    return post({ kind: "benchmark-skipped", reason });
  }
  const samplesMs = result.cases.flatMap(({ outcome }) =>
    outcome.kind === "timed" ? outcome.samplesMs : []
  );
  post({
    kind: "benchmark-ended",
    report: {
      result,
      timerStepMs: timerStepMs(samplesMs),
      text: serializeResult(result),
      picture: pictureOf(result),
    },
  });
}

function maxLayerBytes(gpu: Gpu): number {
  // Half for the keys, half for the values, a binding each.
  return Math.min(MAX_LAYER_BYTES, 2 * gpu.maxBindingBytes);
}

/** The roofline of what could be timed; null where nothing could. */
export function pictureOf(result: KernelResult): string | null {
  const isTimed = result.cases.some(({ outcome }) => outcome.kind === "timed");
  return isTimed ? drawRoofline(result) : null;
}
