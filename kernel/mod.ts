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

export * from "./append_reference.ts";
export * from "./arithmetic.ts";
export { batchRows, ROW_KINDS, type RowKind, rowOfKind } from "./arithmetic_rows.ts";
export { decodeBfloat16Array, encodeBfloat16Array } from "./bfloat16.ts";
export { checkAppend } from "./check_append.ts";
export { checkProblem } from "./check_problem.ts";
export { type CompareOptions, compareWithOracle, type Comparison } from "./compare.ts";
export { attendDual, type HeadPass, mergeByColumns, selectHeads } from "./dual_merge.ts";
export { emulateAttention, type EmulatorOptions } from "./emulate_attention.ts";
export * from "./fault_margin.ts";
export { FIELD_ARITHMETICS, type FieldArithmetic } from "./field_arithmetic.ts";
export { decodeFloat16Array, encodeFloat16Array } from "./float16.ts";
export * from "./formula_contents.ts";
export { attendDirect, type QueryRow } from "./oracle_direct.ts";
export { attendPaged } from "./oracle_paged.ts";
export { type PoisonOptions, poisonUnread } from "./poison.ts";
export * from "./problem.ts";
export * from "./problem_error.ts";
export {
  CODE_FORMATS,
  type CodeFormat,
  type CodeType,
  encodeCode,
  isFiniteCode,
} from "./quantised/code_type.ts";
export {
  FORMAT_NAMES,
  formatName,
  type FormatShape,
  parseFormat,
  QUANTISED_FORMATS,
  type QuantisedFormat,
  rowBytes,
  rowsShape,
  scaleShape,
  tokenBytes,
} from "./quantised/quantised_format.ts";
export { poisonRows } from "./quantised/poison_quantised.ts";
export { elementZero, type RowTarget, storeCode } from "./quantised/quantise_row.ts";
export { elementScale, type QuantisedTensor, type RowPlace } from "./quantised/quantised_tensor.ts";
export * from "./random_problem.ts";
export { digestRow, digestRows } from "./row_digest.ts";
export { cacheElements, cacheOffset, pageIdLimit, tableIndex } from "./shape.ts";
export type { GroupRows, StepRows } from "./step_rows.ts";
export * from "./step_timer.ts";
export {
  decodeValues,
  encodeValues,
  STORAGE_FORMATS,
  type StorageFormat,
  type StorageType,
} from "./storage_type.ts";
export { appendOnGpu } from "./webgpu/append_on_gpu.ts";
export * from "./webgpu/attend_on_gpu.ts";
export { attendInTwoPasses } from "./webgpu/attend_two_passes.ts";
export { type CapturedStep, captureStep, type ReplayOutcome } from "./webgpu/capture.ts";
export { type GpuCeilings, measureCeilings } from "./webgpu/ceilings.ts";
export {
  type AdapterDescription,
  closeGpu,
  endsDevice,
  type Gpu,
  GpuError,
  type GpuOutcome,
  openGpu,
  type OpenGpuOptions,
} from "./webgpu/gpu.ts";
export { itemRowsOf, MATRIX_ROWS, type RowSizes, TILE_ROWS } from "./webgpu/item_rows.ts";
export { listSpecialisations, SPECIALISATION_AXES } from "./webgpu/list_specialisations.ts";
export { matrixChainProgram } from "./webgpu/matrix_ceiling.ts";
export {
  hasMatrixRows,
  MATRIX_TUNINGS,
  matrixTuningName,
  matrixTuningsOf,
  type Multiplier,
  multiplierOf,
  type SlotKind,
  withTunedMatrices,
} from "./webgpu/matrix_mapping.ts";
export type {
  AttendSpecialisation,
  AttendTuning,
  KernelShape,
  MatrixTuning,
  MatrixUnit,
  Program,
  ProgramTarget,
  ShortTuning,
  WgslDialect,
} from "./webgpu/program.ts";
export { attendProgram, defaultTuning } from "./webgpu/specialisation.ts";
export type { StepRunnerOptions } from "./webgpu/step.ts";
export { createStepRunner, type StepRunner } from "./webgpu/step_runner.ts";
export {
  type AttentionTiming,
  type HostTiming,
  timeAttention,
  type TimeAttentionOptions,
} from "./webgpu/time_attention.ts";
export { timeEmptyChain } from "./webgpu/time_empty_chain.ts";
export {
  isAttendTuning,
  neighbouringTunings,
  TUNING_PARTS,
  type TuningPart,
} from "./webgpu/tuning_axes.ts";
export type { StepVerification } from "./webgpu/verify_step.ts";
export { answered, type WaitingDevice } from "./webgpu/wait.ts";
export { countWork, createWorkCount, type WorkCount, type WorkOptions } from "./work_count.ts";
export type {
  BlockFormat,
  EightBitFormat,
  ScaleType,
  ScaleView,
  ZeroPointFormat,
} from "./quantised/quantised_types.ts";
export { keyIsVisible, type KeyQuestion } from "./visibility.ts";
