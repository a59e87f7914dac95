/** Runs cases against a subject, one after the other, and writes rows as it goes. */
import { guardAllocator, guardKernel } from "./guard.ts";
import { Mismatch, type Outcome, SubjectFault } from "./outcome.ts";
import { printQuery, type Query } from "./query.ts";
import { listCases } from "./registry.ts";
import {
  type CaseRow,
  type ConformanceReport,
  REPORT_VERSION,
  type ReportRow,
  summarizeRows,
} from "./report.ts";
import type { Subject } from "./subject.ts";
import type { TestCase, TestDefinition } from "./test_definition.ts";

/** What a run is made of. */
export interface ConformanceOptions {
  /** Whom to judge. */
  readonly subject: Subject;
  /** Cases to run; none runs all. */
  readonly filters?: readonly Query[];
  /** Tests to choose from; the whole suite by default. */
  readonly tests?: readonly TestDefinition[];
  /** Longest time of one case in milliseconds; 30 s by default. */
  readonly timeoutMs?: number;
  /** Stops before the next case when it aborts; what ran is reported. */
  readonly signal?: AbortSignal;
  /** Called with each row as it is written. */
  readonly onRow?: (row: ReportRow) => void;
}

/**
 * Judges a subject.
 *
 * A case whose capability is missing is skipped and listed. A subject that throws or does not
 * answer in time is an error of that case alone, and the run goes on.
 *
 * @param options Subject, filters and where rows go.
 * @returns The rows and their summary.
 *
 * @example The oracle on one case
 * ```ts
 * import { createOracleSubject, parseQuery, runConformance } from "@headwise/headwise/conformance";
 * import assert from "node:assert/strict";
 *
 * const report = await runConformance({
 *   subject: createOracleSubject(),
 *   filters: [parseQuery("allocator:availability")],
 * });
 * assert.equal(report.summary.failed, 0);
 * assert.ok(report.summary.passed > 0);
 * ```
 */
export async function runConformance(options: ConformanceOptions): Promise<ConformanceReport> {
  const { subject, filters = [] } = options;
  const cases = listCases({ filters, ...(options.tests ? { tests: options.tests } : {}) });
  const rows: ReportRow[] = [];
  const startedMs = performance.now();
  append(rows, options, {
    kind: "run",
    version: REPORT_VERSION,
    subject: subject.name,
    capabilities: [...subject.capabilities].sort(),
    filters: filters.map(printQuery),
    cases: cases.length,
  });
  for (const each of cases) {
    if (options.signal?.aborted) {
      break;
    }
    append(rows, options, await runCase(each, options));
  }
  const summary = summarizeRows(rows, performance.now() - startedMs);
  append(rows, options, { kind: "end", summary });
  return { rows, summary };
}

/**
 * Gives the command that repeats one case.
 *
 * @param query Id of the case.
 * @returns A command line.
 *
 * @example The command
 * ```ts
 * import { repeatCommand } from "@headwise/headwise/conformance";
 * import assert from "node:assert/strict";
 *
 * assert.equal(repeatCommand("a:b:c:"), "headwise conformance --filter 'a:b:c:'");
 * ```
 */
export function repeatCommand(query: string): string {
  return `headwise conformance --filter '${query}'`;
}

/**
 * Derives the seed of a case from its id (FNV-1a), so that a case repeats without its neighbours.
 *
 * @param query Id of the case.
 * @returns An unsigned 32-bit integer.
 *
 * @example Ids give different seeds
 * ```ts
 * import { seedOfQuery } from "@headwise/headwise/conformance";
 * import assert from "node:assert/strict";
 *
 * assert.notEqual(seedOfQuery("a:b:c:x=1"), seedOfQuery("a:b:c:x=2"));
 * ```
 */
export function seedOfQuery(query: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < query.length; index++) {
    hash = Math.imul(hash ^ query.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

function append(rows: ReportRow[], options: ConformanceOptions, row: ReportRow): void {
  rows.push(row);
  options.onRow?.(row);
}

async function runCase(each: TestCase, options: ConformanceOptions): Promise<CaseRow> {
  const startedMs = performance.now();
  const outcome = await judge(each, options);
  return {
    kind: "case",
    query: each.query,
    clauses: each.definition.clauses,
    outcome,
    elapsedMs: performance.now() - startedMs,
    repeat: outcome.kind === "fail" || outcome.kind === "error" ? repeatCommand(each.query) : "",
  };
}

async function judge(each: TestCase, options: ConformanceOptions): Promise<Outcome> {
  const { subject } = options;
  const missing = each.definition.needs(each.params).filter((name) =>
    !subject.capabilities.has(name)
  );
  if (missing.length > 0) {
    return { kind: "skip", missing };
  }
  const timeoutMs = options.timeoutMs ?? 30_000;
  const { promise: late, resolve: expire } = Promise.withResolvers<Outcome>();
  const timer = setTimeout(() =>
    expire({
      kind: "error",
      origin: "subject",
      code: "timeout",
      message: `No answer within ${timeoutMs} ms`,
    }), timeoutMs);
  try {
    const verdict = each.definition.run({
      query: each.query,
      params: each.params,
      seed: seedOfQuery(each.query),
      allocator: guardAllocator(subject.allocator),
      kernel: guardKernel(subject.kernel),
    });
    return await Promise.race([verdict, late]);
  } catch (error) {
    if (error instanceof Mismatch) {
      return { kind: "fail", message: error.message, budgetUsed: error.budgetUsed };
    }
    const origin = error instanceof SubjectFault ? "subject" : "suite";
    const message = error instanceof Error ? error.message : String(error);
    return { kind: "error", origin, code: "exception", message };
  } finally {
    clearTimeout(timer);
  }
}
