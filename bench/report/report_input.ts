/** Telling result files apart by their content. */

import { z } from "zod";
import { parseJson } from "../../fixtures/mod.ts";
import type { ForeignGateReport } from "../foreign/mod.ts";
import {
  type BenchResult,
  comparison,
  count,
  gate as gateSchema,
  parseResult,
  parseUnversioned,
  regressionGate,
  ResultError,
  verdict,
} from "../result/mod.ts";
import { type KernelResult, parseKernelResult } from "../kernel/mod.ts";
import { type LiveResult, parseLiveResult } from "../live/mod.ts";
import { parseSweep, type Sweep } from "../sweep/mod.ts";
import { benchSection } from "./section_bench.ts";
import { type ComparisonReport, comparisonSection } from "./section_comparison.ts";
import { kernelSection } from "./section_kernel.ts";
import { liveSection } from "./section_live.ts";
import type { ReportSection } from "./section.ts";
import { sweepSection } from "./section_sweep.ts";

/** A result file that a report can be made of, with the name of the file. */
export type ReportInput =
  | { readonly kind: "bench"; readonly file: string; readonly result: BenchResult }
  | { readonly kind: "live"; readonly file: string; readonly result: LiveResult }
  | { readonly kind: "kernel"; readonly file: string; readonly result: KernelResult }
  | { readonly kind: "sweep"; readonly file: string; readonly sweep: Sweep }
  | {
    readonly kind: "comparison";
    readonly file: string;
    readonly report: ComparisonReport;
  };

/** Kinds of files that a report knows; `conformance` is read by the suite. */
export type ReportKind = ReportInput["kind"] | "conformance";

const KINDS: Readonly<Record<string, ReportKind>> = {
  "headwise/bench-result": "bench",
  "headwise/live-result": "live",
  "headwise/kernel-result": "kernel",
  "headwise/sweep": "sweep",
  "run": "conformance",
};

const foreignGateSchema: z.ZodType<ForeignGateReport> = z.strictObject({
  gate: z.enum(["gate/read", "gate/capacity", "gate/regression"]),
  verdict,
  reasons: z.array(z.string()),
  tool: z.enum(["vllm", "sglang", "fastdeploy"]),
  statistics: z.enum(["aggregates", "requests", "runs"]),
  allowed: z.string(),
  runs: z.strictObject({ baseline: count, candidate: count }),
  comparisons: z.array(comparison),
});

const headSchema = z.object({ kind: z.string().optional(), gate: z.unknown().optional() });

/**
 * Tells which kind of result a text is, from its first object alone.
 *
 * @throws {ResultError} When the text is none of them, with line and column.
 */
export function kindOfReport(text: string, o: { readonly file: string }): ReportKind {
  const firstLine = text.slice(0, text.indexOf("\n") + 1);
  const head = headSchema.safeParse(
    parseJson(firstLine) ?? parseUnversioned(text, { ...o, schema: z.unknown() }),
  );
  if (head.success) {
    const { kind, gate } = head.data;
    if (kind !== undefined && Object.hasOwn(KINDS, kind)) return KINDS[kind];
    if (kind === undefined && typeof gate === "string") return "comparison";
  }
  const found = head.success && head.data.kind !== undefined
    ? `its kind is '${head.data.kind}'`
    : "it has no kind";
  const message = `Cannot report '${o.file}:1:1': ${found}; give what 'bench', 'kernel bench', ` +
    `'sweep run', 'conformance' or 'gate --json' wrote`;
  throw new ResultError("result/shape", o.file, message);
}

/**
 * Parses a result of any kind but conformance.
 *
 * @throws {ResultError} When the text is not of its kind, with line and column.
 */
export function parseReportInput(
  text: string,
  o: { readonly file: string; readonly kind: ReportInput["kind"] },
): ReportInput {
  const { file, kind } = o;
  switch (kind) {
    case "bench":
      return { kind, file, result: parseResult(text, o) };
    case "live":
      return { kind, file, result: parseLiveResult(text, o) };
    case "kernel":
      return { kind, file, result: parseKernelResult(text, o) };
    case "sweep":
      return { kind, file, sweep: parseSweep(text, o) };
    case "comparison":
      return { kind, file, report: parseComparison(text, file) };
    default:
      return kind satisfies never;
  }
}

/**
 * Makes the section of a result.
 *
 * @returns Its section, before it becomes a page or Markdown.
 */
export function reportSection(input: ReportInput): ReportSection {
  switch (input.kind) {
    case "bench":
      return benchSection(input.file, input.result);
    case "live":
      return liveSection(input.file, input.result);
    case "kernel":
      return kernelSection(input.file, input.result);
    case "sweep":
      return sweepSection(input.file, input.sweep);
    case "comparison":
      return comparisonSection(input.file, input.report);
    default:
      return input satisfies never;
  }
}

function parseComparison(text: string, file: string): ComparisonReport {
  // One schema and not all at once, so that a fault is told in the terms of what the file is.
  const stored = parseJson(text);
  const has = (shape: z.ZodRawShape): boolean => z.object(shape).safeParse(stored).success;
  if (has({ tool: z.string() })) return parseUnversioned(text, { file, schema: foreignGateSchema });
  return has({ gate: z.literal("gate/regression") })
    ? parseUnversioned(text, { file, schema: regressionGate })
    : parseUnversioned(text, { file, schema: gateSchema });
}
