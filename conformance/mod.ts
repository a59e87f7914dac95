/**
 * A conformance suite for head-wise paged KV caches: clauses, tests that name them, subjects that
 * are judged, and reports.
 *
 * {@linkcode runConformance} judges a {@linkcode Subject}: commands with plain data, which anything
 * can stand behind. {@linkcode openAdapter} makes one of a program, a module or a shared library.
 *
 * @example A kernel without a log-sum-exp is judged by what it claims
 * ```ts
 * import { createOracleSubject, parseQuery, runConformance } from "@headwise/headwise/conformance";
 * import assert from "node:assert/strict";
 *
 * const oracle = createOracleSubject();
 * const capabilities = new Set(oracle.capabilities);
 * capabilities.delete("kernel.log_sum_exp");
 * const { summary } = await runConformance({
 *   subject: { ...oracle, name: "ours", capabilities },
 *   filters: [parseQuery("kernel:attend:mixed_batch")],
 * });
 * assert.equal(summary.failed, 0);
 * ```
 *
 * @module
 */

export type { HeadKind, Layout } from "../allocator/mod.ts";
export type {
  AdapterDescription,
  AppendProblem,
  AttentionProblem,
  AttentionShape,
  Gpu,
  ProgramTarget,
  Rotary,
  StorageType,
  TreeMask,
  WgslDialect,
} from "../kernel/mod.ts";
export * from "./acceptance.ts";
export * from "./adapters/adapter_fault.ts";
export { type AdapterLimits, DEFAULT_LIMITS } from "./adapters/adapter_process.ts";
export { DumpError } from "./adapters/dump.ts";
export { type OpenDump, openDump } from "./adapters/dump_tests.ts";
export * from "./adapters/init.ts";
export * from "./adapters/open_adapter.ts";
export * from "./adapters/safetensors.ts";
export * from "./adapters/serve.ts";
export * from "./adapters/smoke.ts";
export * from "./adapters/subject_spec.ts";
export * from "./clause.ts";
export * from "./clause_coverage.ts";
export * from "./clause_table.ts";
export * from "./expectations.ts";
export { DEFAULT_FUZZ, type FuzzOptions, fuzzTests, regressionTests } from "./fuzz/fuzz_tests.ts";
export * from "./fuzz/regression.ts";
export type { FuzzProgram, FuzzSpec } from "./fuzz/fuzz_program.ts";
export type { FuzzCommand } from "./fuzz/fuzz_command.ts";
export * from "./guard.ts";
export * from "./identity_table.ts";
export * from "./mutants/mutant.ts";
export * from "./outcome.ts";
export * from "./query.ts";
export * from "./registry.ts";
export * from "./report.ts";
export * from "./report_file.ts";
export * from "./report_merge.ts";
export * from "./renderings/rendering.ts";
export {
  type ConformanceSection,
  conformanceSection,
  type SectionTable,
} from "./renderings/section.ts";
export * from "./run.ts";
export * from "./shard.ts";
export * from "./kill_matrix.ts";
export * from "./subject.ts";
export { suggestQuery } from "./suggest_query.ts";
export * from "./subjects/device_kernel.ts";
export * from "./subjects/headwise_allocator.ts";
export * from "./subjects/oracle.ts";
export * from "./subjects/oracle_kernel.ts";
export * from "./subjects/webgpu.ts";
export * from "./test_definition.ts";
export * from "./policies.ts";
