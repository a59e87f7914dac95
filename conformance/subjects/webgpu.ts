/** This project's kernel on an opened GPU, beside its allocator. */
import {
  appendOnGpu,
  attendInTwoPasses,
  attendOnGpu,
  captureStep,
  type Gpu,
} from "../../kernel/mod.ts";
import type { Subject } from "../subject.ts";
import { createDeviceSubject } from "./device_kernel.ts";

/**
 * Makes the subject that runs on a GPU.
 *
 * @param gpu An opened GPU; the caller closes it.
 * @returns A subject named `webgpu`.
 *
 * @example Where an adapter answers
 * ```ts
 * import { createWebGpuSubject } from "@headwise/headwise/conformance";
 * import { closeGpu, openGpu } from "@headwise/headwise/kernel";
 * import assert from "node:assert/strict";
 *
 * const opened = await openGpu();
 * if (opened.kind === "gpu") {
 *   assert.equal(createWebGpuSubject(opened.gpu).name, "webgpu");
 *   closeGpu(opened.gpu);
 * }
 * ```
 */
export function createWebGpuSubject(gpu: Gpu): Subject {
  return createDeviceSubject("webgpu", {
    attend: (problem, o) => attendOnGpu(gpu, problem, { ...o, returnLogSumExp: true }),
    attendTwoPasses: (problem) => attendInTwoPasses(gpu, problem),
    append: (problem) => appendOnGpu(gpu, problem),
    capture: (problem) => captureStep(gpu, problem),
  });
}
