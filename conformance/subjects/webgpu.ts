/** This project's kernel on an opened GPU, beside its allocator. */
import {
  appendOnGpu,
  attendInTwoPasses,
  attendOnGpu,
  type AttentionProblem,
  captureStep,
  endsDevice,
  type Gpu,
  GpuError,
  type GpuOutcome,
} from "../../kernel/mod.ts";
import type { Subject } from "../subject.ts";
import { createDeviceSubject, type DeviceCapture } from "./device_kernel.ts";

/** What the subject does once its device is of no use any more. */
export interface WebGpuSubjectOptions {
  /**
   * Opens the device again after one that was lost, did not answer or ran out of memory; without it
   * every later case fails as the first one did. The caller closes what it opens.
   */
  readonly reopen?: () => Promise<GpuOutcome>;
}

/**
 * Makes the subject that runs on a GPU. A fault of the device is a fault of the case in which it came
 * about; the next case gets a new device.
 *
 * @param gpu An opened GPU; the caller closes it.
 */
export function createWebGpuSubject(gpu: Gpu, o: WebGpuSubjectOptions = {}): Subject {
  let current = gpu;
  let isSpent = false;
  const device = async (): Promise<Gpu> => {
    if (!isSpent || o.reopen === undefined) return current;
    const outcome = await o.reopen();
    if (outcome.kind === "unavailable") {
      const { reason, fix } = outcome;
      throw new GpuError(
        "device-lost",
        `The device is gone and cannot be opened again: ${reason}; ${fix}`,
      );
    }
    current = outcome.gpu;
    isSpent = false;
    return current;
  };
  const on = async <T>(used: Gpu, work: (gpu: Gpu) => Promise<T>): Promise<T> => {
    try {
      return await work(used);
    } catch (error) {
      // A step that was recorded on a device before says nothing about the present one.
      if (endsDevice(error) && used === current) isSpent = true;
      throw error;
    }
  };
  const capture = async (used: Gpu, problem: AttentionProblem): Promise<DeviceCapture> => {
    const step = await captureStep(used, problem);
    return { replay: (next) => on(used, () => step.replay(next)), destroy: step.destroy };
  };
  return {
    ...createDeviceSubject("webgpu", {
      attend: async (problem, options) =>
        on(
          await device(),
          (used) => attendOnGpu(used, problem, { ...options, returnLogSumExp: true }),
        ),
      attendTwoPasses: async (problem) =>
        on(await device(), (used) => attendInTwoPasses(used, problem)),
      append: async (problem) => on(await device(), (used) => appendOnGpu(used, problem)),
      capture: async (problem) => on(await device(), (used) => capture(used, problem)),
    }),
    // A case that took too long may have left a device that never answers.
    recover: () => Promise.resolve(void (isSpent = true)),
  };
}
