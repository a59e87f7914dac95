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

export { requireEqual, requireThat, requireWithin } from "./acceptance.ts";
export type { FormatCapability } from "./cache_formats.ts";
export type { AdapterVerdict } from "./adapters/adapter_fault.ts";
export type { AdapterLimits } from "./adapters/adapter_process.ts";
export { DumpError } from "./adapters/dump.ts";
export { type OpenDump, openDump } from "./adapters/dump_tests.ts";
export * from "./adapters/init.ts";
export * from "./adapters/open_adapter.ts";
export {
  readTensors,
  type Tensor,
  type TENSOR_ARRAYS,
  type TensorData,
  TensorFileError,
  type Tensors,
  type TensorType,
  writeTensors,
} from "./adapters/safetensors.ts";
export { type AdapterServer, createAdapterServer, type ServerFiles } from "./adapters/serve.ts";
export { pickSmokeCases } from "./adapters/smoke.ts";
export { parseSubjectSpec, type SubjectSpec } from "./adapters/subject_spec.ts";
export {
  type Clause,
  ClauseError,
  listClauses,
  listPendingClauses,
  type PendingClause,
} from "./clause.ts";
export { type CoverageInput, testsByClause } from "./clause_coverage.ts";
export { clausesMarkdown } from "./clause_table.ts";
export {
  checkExpectations,
  type Expectation,
  ExpectationError,
  parseExpectations,
} from "./expectations.ts";
export { FileError } from "./file_error.ts";
export type { FuzzCommand } from "./fuzz/fuzz_command.ts";
export type { FuzzProgram, FuzzSpec } from "./fuzz/fuzz_program.ts";
export type { FuzzOptions } from "./fuzz/fuzz_tests.ts";
export {
  keepRegression,
  listRegressions,
  parseRegressions,
  printRegressions,
  type Regression,
} from "./fuzz/regression.ts";
export type { Declared, JudgedAllocator, JudgedKernel } from "./guard.ts";
export * from "./kill_matrix.ts";
export type { Mutant, MutantFacts } from "./mutants/mutant.ts";
export { type FaultCode, type Outcome, SubjectFault, type Verdict } from "./outcome.ts";
export type { HeadRounding, Policies } from "./policies.ts";

export { LEAST_MARGIN, measurePower, type PowerRow } from "./power/power_margins.ts";
export { matchesQuery, parseQuery, printQuery, type Query, QueryError } from "./query.ts";
export { type CaseSelection, listCases, listTests, listTestsWith } from "./registry.ts";
export {
  describeCase,
  describeDifferences,
  groupOf,
  type RenderingName,
  RENDERINGS,
  renderReports,
} from "./renderings/rendering.ts";
export * from "./renderings/section.ts";
export {
  type CaseRow,
  caseRows,
  type CaseStatus,
  caseStatus,
  type ConformanceExitCode,
  type ConformanceReport,
  exitCodeOf,
  type ReportRow,
  type ReportSummary,
  type RunRow,
  type Shard,
} from "./report.ts";
export * from "./report_file.ts";
export { mergeReports } from "./report_merge.ts";
export { type ConformanceOptions, runConformance } from "./run.ts";
export {
  type Environment,
  parseShard,
  RUN_NAME_VARIABLES,
  runNameOfEnvironment,
  SHARD_VARIABLES,
  ShardError,
  shardOfEnvironment,
} from "./shard.ts";
export * from "./subject.ts";
export { shortenCapabilities } from "./cache_formats.ts";
export * from "./subjects/headwise_allocator.ts";
export { createOracleSubject } from "./subjects/oracle.ts";
export type { OracleKernelOptions } from "./subjects/oracle_kernel.ts";
export { createWebGpuSubject, type WebGpuSubjectOptions } from "./subjects/webgpu.ts";
export { suggestQuery } from "./suggest_query.ts";
export type { CaseContext, CaseParams, TestCase, TestDefinition } from "./test_definition.ts";
