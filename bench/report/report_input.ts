/** Telling result files apart by their content. */

import { z } from "zod";
import { parseJson } from "../../fixtures/mod.ts";
import { parseForeignGate } from "../foreign/mod.ts";
import {
  type BenchResult,
  gate as gateSchema,
  parseResult,
  parseUnversioned,
  regressionGate,
  ResultError,
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

/** What a result file of each kind holds. */
export type ReportResults = {
  readonly bench: BenchResult;
  readonly live: LiveResult;
  readonly kernel: KernelResult;
  readonly sweep: Sweep;
  /** A verdict over two files. */
  readonly comparison: ComparisonReport;
};

/** A result file that a report can be made of, with the name of the file. */
export type ReportInput = {
  readonly [KIND in keyof ReportResults]: {
    readonly kind: KIND;
    readonly file: string;
    readonly result: ReportResults[KIND];
  };
}[keyof ReportResults];

/** Kinds of files that a report knows; `conformance` is read by the suite. */
export type ReportKind = ReportInput["kind"] | "conformance";

/** How one kind of file is read and shown. */
interface Reader<RESULT> {
  parse(text: string, o: { readonly file: string }): RESULT;
  section(file: string, result: RESULT): ReportSection;
}

const READERS: { readonly [KIND in keyof ReportResults]: Reader<ReportResults[KIND]> } = {
  bench: { parse: parseResult, section: benchSection },
  live: { parse: parseLiveResult, section: liveSection },
  kernel: { parse: parseKernelResult, section: kernelSection },
  sweep: { parse: parseSweep, section: sweepSection },
  comparison: { parse: parseComparison, section: comparisonSection },
};

const KINDS: Readonly<Record<string, ReportKind>> = {
  "headwise/bench-result": "bench",
  "headwise/live-result": "live",
  "headwise/kernel-result": "kernel",
  "headwise/sweep": "sweep",
  "run": "conformance",
};

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
  return { kind, file, result: READERS[kind].parse(text, o) } as ReportInput;
}

/**
 * Makes the section of a result.
 *
 * @returns Its section, before it becomes a page or Markdown.
 */
export function reportSection(input: ReportInput): ReportSection {
  const reader: Reader<ReportInput["result"]> = READERS[input.kind];
  return reader.section(input.file, input.result);
}

function parseComparison(text: string, o: { readonly file: string }): ComparisonReport {
  // One schema and not all at once, so that a fault is told in the terms of what the file is.
  const stored = parseJson(text);
  const has = (shape: z.ZodRawShape): boolean => z.object(shape).safeParse(stored).success;
  if (has({ tool: z.string() })) return parseForeignGate(text, o);
  return has({ gate: z.literal("gate/regression") })
    ? parseUnversioned(text, { ...o, schema: regressionGate })
    : parseUnversioned(text, { ...o, schema: gateSchema });
}
