/**
 * A conformance suite for head-wise paged KV caches: clauses, tests that name them, subjects that
 * are judged, and reports.
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
export * from "./clause.ts";
export * from "./clause_coverage.ts";
export * from "./clause_table.ts";
export * from "./guard.ts";
export * from "./identity_table.ts";
export * from "./mutants/mutant.ts";
export * from "./outcome.ts";
export * from "./query.ts";
export * from "./registry.ts";
export * from "./report.ts";
export * from "./report_formats.ts";
export * from "./run.ts";
export * from "./kill_matrix.ts";
export * from "./subject.ts";
export * from "./subjects/device_kernel.ts";
export * from "./subjects/headwise_allocator.ts";
export * from "./subjects/oracle.ts";
export * from "./subjects/oracle_kernel.ts";
export * from "./subjects/webgpu.ts";
export * from "./test_definition.ts";
