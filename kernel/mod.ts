/**
 * Paged attention and append over head-wise tables: problems as data, float64 oracles that define
 * the right answer, an error bound that says how far a kernel may stray, and the work that a step
 * must do.
 *
 * {@linkcode attendDirect} and {@linkcode attendPaged} are the oracles, {@linkcode attendOnGpu} is the
 * kernel on WebGPU, and {@linkcode compareWithOracle} judges any kernel's output inside the bound.
 *
 * @example The kernel where a GPU answers, judged by the oracle
 * ```ts
 * import {
 *   attendOnGpu, attendPaged, closeGpu, compareWithOracle, encodeValues, openGpu, randomProblem,
 * } from "@headwise/headwise/kernel";
 * import assert from "node:assert/strict";
 *
 * const problem = randomProblem({
 *   seed: 1,
 *   shape: {
 *     batch: 2, queryHeads: 4, kvHeads: 2, headSize: 64, pageSizeTokens: 16, pages: 8, columns: 4,
 *     layout: "headwise", storage: "bf16",
 *   },
 *   queryLengths: [1, 3],
 *   cachedLengths: [40, 0],
 * });
 * const outcome = await openGpu();
 * const output = outcome.kind === "gpu"
 *   ? (await attendOnGpu(outcome.gpu, problem)).output
 *   : encodeValues("bf16", attendPaged(problem).output);
 * assert.ok(compareWithOracle({ problem, output }).ok);
 * if (outcome.kind === "gpu") closeGpu(outcome.gpu);
 * ```
 *
 * @module
 */

export type { Layout } from "../allocator/mod.ts";
export * from "./append_reference.ts";
export * from "./arithmetic.ts";
export * from "./bfloat16.ts";
export * from "./check_append.ts";
export * from "./check_problem.ts";
export * from "./check_shape.ts";
export * from "./compare.ts";
export * from "./dual_merge.ts";
export * from "./error_bound.ts";
export * from "./float16.ts";
export * from "./formula_contents.ts";
export * from "./oracle_direct.ts";
export * from "./oracle_paged.ts";
export * from "./poison.ts";
export * from "./problem.ts";
export * from "./problem_error.ts";
export { CODE_FORMATS, CODE_TYPES, type CodeType } from "./quantised/code_type.ts";
export {
  FORMAT_NAMES,
  formatName,
  parseFormat,
  QUANTISED_FORMATS,
  type QuantisedFormat,
  rowBytes,
  scaleSize,
  tokenBytes,
} from "./quantised/quantised_format.ts";
export {
  type CacheSide,
  elementValue,
  type QuantisedTensor,
} from "./quantised/quantised_tensor.ts";
export * from "./random_problem.ts";
export * from "./rotary.ts";
export * from "./shape.ts";
export type * from "./step_timer.ts";
export * from "./storage_type.ts";
export * from "./visibility.ts";
export * from "./work_count.ts";
export * from "./webgpu/append_on_gpu.ts";
export * from "./webgpu/attend_on_gpu.ts";
export * from "./webgpu/attend_two_passes.ts";
export * from "./webgpu/capture.ts";
export { type GpuCeilings, measureCeilings } from "./webgpu/ceilings.ts";
export * from "./webgpu/gpu.ts";
export * from "./webgpu/item_rows.ts";
export * from "./webgpu/list_specialisations.ts";
export * from "./webgpu/matrix_mapping.ts";
export { matrixChainProgram, measureMatrixCeiling } from "./webgpu/matrix_ceiling.ts";
export * from "./webgpu/plan.ts";
export * from "./webgpu/plan_splits.ts";
export * from "./webgpu/plan_tiles.ts";
export type * from "./webgpu/program.ts";
export * from "./webgpu/specialisation.ts";
export type { StepRunnerOptions } from "./webgpu/step.ts";
export type { GroupRows, StepRows } from "./step_rows.ts";
export { createStepRunner, type StepRunner } from "./webgpu/step_runner.ts";
export * from "./webgpu/template.ts";
export {
  type AttentionTiming,
  type HostTiming,
  timeAttention,
  type TimeAttentionOptions,
} from "./webgpu/time_attention.ts";
export { timeEmptyChain } from "./webgpu/time_empty_chain.ts";
export * from "./webgpu/tuning_axes.ts";
export type { StepVerification } from "./webgpu/verify_step.ts";
export { answered, type WaitingDevice } from "./webgpu/wait.ts";
