/** Runs cases against a subject, one after the other, and writes rows as it goes. */
import { equalData } from "../fixtures/mod.ts";
import { AdapterSkip } from "./adapters/adapter_fault.ts";
import { type Expectation, expectationOf } from "./expectations.ts";
import { DEFAULT_FUZZ } from "./fuzz/fuzz_tests.ts";
import { guardAllocator, guardKernel } from "./guard.ts";
import { Mismatch, type Outcome, SubjectFault } from "./outcome.ts";
import { listPolicyDifferences } from "./policies.ts";
import { printQuery, type Query } from "./query.ts";
import { orderForRun } from "./run_order.ts";
import { listCases } from "./registry.ts";
import {
  type CaseRow,
  type ConformanceReport,
  type ReportRow,
  type RunRow,
  type Shard,
  summarizeRows,
} from "./report.ts";
import { ReportError, type ReportFile } from "./report_file.ts";
import { describeRun, digestLines, rowLine } from "./run_identity.ts";
import { membersOfShard } from "./shard.ts";
import type { Subject } from "./subject.ts";
import type { TestCase, TestDefinition } from "./test_definition.ts";

/** What a run is made of. */
export interface ConformanceOptions {
  /** Which implementation to judge. */
  readonly subject: Subject;
  /** Cases to run; none runs all. */
  readonly filters?: readonly Query[];
  /** Tests to choose from; the whole suite by default. */
  readonly tests?: readonly TestDefinition[];
  /** Longest time of one case in milliseconds; 30 s by default. */
  readonly timeoutMs?: number;
  /** Part of the cases to run; all by default. */
  readonly shard?: Shard | null;
  /** Name that all shards of one run share, and no other run has; empty by default. */
  readonly runName?: string;
  /** Known failures; none by default. */
  readonly expectations?: readonly Expectation[];
  /** Day that expiries are compared with, YYYY-MM-DD in UTC; today by default. */
  readonly today?: string;
  /** Seed of random sequences, for the report; the suite's by default. */
  readonly seed?: number;
  /** Command that started the run, for the report; empty by default. */
  readonly commandLine?: string;
  /** Machine and runtime, for the report; this process's by default. */
  readonly environment?: RunRow["environment"];
  /** Flags that a repeated case needs beside its filter, such as the subject's; none by default. */
  readonly repeatFlags?: string;
  /** A report of this very run that was cut off: its cases are taken over and not run again. */
  readonly earlier?: ReportFile;
  /** Stops before the next case when it aborts; what ran is reported. */
  readonly signal?: AbortSignal;
  /** Called with each row as it is written, but for those of an earlier report. */
  readonly onRow?: (row: ReportRow) => void;
}

/** Time between two turns of the event loop, in milliseconds. */
const MS_PER_TURN = 20;

/**
 * Judges a subject.
 *
 * A case whose capability is missing is skipped and listed. A subject that throws or does not
 * answer in time is an error of that case alone, and the run continues.
 *
 * @throws {ReportError} If the earlier report is of another run.
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
  const { subject, filters = [], shard = null } = options;
  const selected = listCases({ filters, ...(options.tests ? { tests: options.tests } : {}) });
  const cases = membersOfShard(selected, shard);
  const differences = listPolicyDifferences(subject.policies);
  const rows: ReportRow[] = [];
  const startedMs = performance.now();
  const run = describeRun({
    subject: subject.name,
    metadata: subject.metadata ?? {},
    capabilities: [...subject.capabilities].sort(),
    ...(differences.length === 0 ? {} : { policies: differences }),
    filters: filters.map(printQuery),
    seed: options.seed ?? DEFAULT_FUZZ.seed,
    commandLine: options.commandLine ?? "",
    shard,
    cases: cases.length,
    selected: selected.map(({ query }) => query),
    runName: options.runName ?? "",
    ...(options.environment === undefined ? {} : { environment: options.environment }),
  });
  const { earlier } = options;
  const done = new Set(earlier?.cases.map(({ query }) => query));
  if (earlier === undefined) append(rows, options, run);
  else rows.push(requireSameRun(earlier, run), ...earlier.cases);
  let turnMs = startedMs;
  for (const each of orderForRun(cases)) {
    if (performance.now() - turnMs > MS_PER_TURN) {
      // A timer and not a microtask: a subject that answers at once would keep Ctrl-C from being seen.
      await new Promise((resolve) => setTimeout(resolve, 0));
      turnMs = performance.now();
    }
    if (options.signal?.aborted) break;
    if (done.has(each.query)) continue;
    append(rows, options, await runCase(each, options));
  }
  const earlierMs = earlier?.cases.reduce((sum, row) => sum + row.elapsedMs, 0) ?? 0;
  const summary = summarizeRows(rows, earlierMs + performance.now() - startedMs);
  append(rows, options, { kind: "end", summary, digest: digestLines(rows.map(rowLine)) });
  return { rows, summary };
}

/**
 * Gives the command that repeats one case.
 *
 * @param flags Flags that it needs beside the filter; none by default.
 */
export function repeatCommand(query: string, flags = ""): string {
  return `headwise conformance ${flags === "" ? "" : `${flags} `}--filter '${query}'`;
}

/**
 * Derives the seed of a case from its id (FNV-1a), so that a case repeats without its neighbours.
 *
 * @returns An unsigned 32-bit integer.
 */
export function seedOfQuery(query: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < query.length; index++) {
    hash = Math.imul(hash ^ query.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** The first row of an earlier report, which must be what this run would begin with. */
function requireSameRun(earlier: ReportFile, run: RunRow): RunRow {
  const { file } = earlier;
  const unlike = (Object.keys(run) as (keyof RunRow)[]).find((key) =>
    // The command line differs at least in the flag that asks to continue.
    key !== "commandLine" && !equalData(earlier.run[key], run[key])
  );
  if (unlike === undefined) return earlier.run;
  throw new ReportError(
    `Cannot resume "${file}": its "${unlike}" is ${JSON.stringify(earlier.run[unlike])}, and ` +
      `that of this run is ${JSON.stringify(run[unlike])}; repeat the command that began it, or ` +
      "name another file",
    file,
  );
}

function append(rows: ReportRow[], options: ConformanceOptions, row: ReportRow): void {
  rows.push(row);
  options.onRow?.(row);
}

async function runCase(each: TestCase, options: ConformanceOptions): Promise<CaseRow> {
  const startedMs = performance.now();
  const outcome = await judge(each, options);
  const today = options.today ?? new Date().toISOString().slice(0, 10);
  const said = expectationOf(options.expectations ?? [], { query: each.parsed, outcome, today });
  const isBad = outcome.kind === "fail" || outcome.kind === "error";
  return {
    kind: "case",
    query: each.query,
    clauses: each.definition.clauses,
    outcome,
    ...(said === undefined ? {} : { expectation: said }),
    elapsedMs: performance.now() - startedMs,
    repeat: isBad ? repeatCommand(each.query, options.repeatFlags) : "",
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
  const over = new AbortController();
  const verdict = runVerdict(each, { subject, over: over.signal });
  try {
    const outcome = await Promise.race([verdict, late]);
    if (outcome.kind === "error" && outcome.code === "timeout") await subject.recover?.();
    return outcome;
  } finally {
    // A case that was given up may still run; it must not command the next case's subject.
    over.abort();
    clearTimeout(timer);
  }
}

async function runVerdict(
  each: TestCase,
  o: { readonly subject: Subject; readonly over: AbortSignal },
): Promise<Outcome> {
  const { subject, over } = o;
  const declared = { over, policies: subject.policies, claims: subject.capabilities };
  try {
    return await each.definition.run({
      query: each.query,
      params: each.params,
      seed: seedOfQuery(each.query),
      allocator: guardAllocator(subject.allocator, declared),
      kernel: guardKernel(subject.kernel, declared),
    });
  } catch (error) {
    if (error instanceof Mismatch) {
      const { message, budgetUsed, counterexample } = error;
      const failure = { kind: "fail", message, budgetUsed } as const;
      return counterexample === undefined ? failure : { ...failure, counterexample };
    }
    if (error instanceof SubjectFault && error.cause instanceof AdapterSkip) {
      return { kind: "skip", missing: error.cause.missing };
    }
    const message = error instanceof Error ? error.message : String(error);
    return error instanceof SubjectFault
      ? { kind: "error", origin: "subject", code: error.faultCode, message }
      : { kind: "error", origin: "suite", code: "exception", message };
  }
}
