/** Proves that the suite tells good from bad: every mutant is rejected, the good subject is not. */
import { allocatorMutants } from "./mutants/allocator_mutants.ts";
import { kernelMutants } from "./mutants/kernel_mutants.ts";
import type { Mutant } from "./mutants/mutant.ts";
import { matchesQuery, parseQuery, type Query } from "./query.ts";
import { type CaseRow, caseRows } from "./report.ts";
import { runConformance } from "./run.ts";
import { createOracleSubject } from "./subjects/oracle.ts";

/** What became of one query that must hold a case that rejects a mutant. */
export interface ExpectedKill {
  /** The query. */
  readonly query: string;
  /** Cases under it that failed. */
  readonly failed: number;
  /** Cases under it that ran. */
  readonly cases: number;
}

/** One row of the kill matrix. */
export interface KillRow {
  /** Name of the mutant. */
  readonly mutant: string;
  /** What it gets wrong. */
  readonly fault: string;
  /** Whether every query that must reject it does. */
  readonly killed: boolean;
  /** Those queries. */
  readonly expected: readonly ExpectedKill[];
  /** Tests (`suite:path:test`) that rejected it, of those that ran. */
  readonly rejectedBy: readonly string[];
}

/** The kill matrix. */
export interface SelfTestReport {
  /** One row for each mutant. */
  readonly rows: readonly KillRow[];
  /** Cases that rejected the good subject; must be none. */
  readonly falseAlarms: readonly string[];
  /** Whether every mutant was killed and nothing good was rejected. */
  readonly ok: boolean;
}

/** What a self-test runs. */
export interface SelfTestOptions {
  /** Mutants; all by default. */
  readonly mutants?: readonly Mutant[];
  /** The cases that each mutant names, or the whole suite; the former by default. */
  readonly scope?: "declared" | "all";
  /** Called with each row as it is finished. */
  readonly onRow?: (row: KillRow) => void;
}

/**
 * Lists every mutant.
 *
 * @returns Mutants of the allocator, then of the kernel.
 *
 * @example Names are unique
 * ```ts
 * import { listMutants } from "@headwise/headwise/conformance";
 * import assert from "node:assert/strict";
 *
 * const names = listMutants().map((mutant) => mutant.name);
 * assert.equal(new Set(names).size, names.length);
 * ```
 */
export function listMutants(): readonly Mutant[] {
  return [...allocatorMutants, ...kernelMutants];
}

/**
 * Runs mutants and the good subject through the suite.
 *
 * A mutant is killed only by verdicts: a mutant that throws proves nothing.
 *
 * @param options Mutants and scope.
 * @returns The kill matrix.
 *
 * @example One mutant
 * ```ts
 * import { listMutants, selfTest } from "@headwise/headwise/conformance";
 * import assert from "node:assert/strict";
 *
 * const mutants = listMutants().filter((mutant) => mutant.name === "ratio_clamped");
 * assert.ok((await selfTest({ mutants })).ok);
 * ```
 */
export async function selfTest(options: SelfTestOptions = {}): Promise<SelfTestReport> {
  const { mutants = listMutants(), scope = "declared" } = options;
  const queries = mutants.flatMap((mutant) => mutant.killedBy).map(parseQuery);
  const good = await runConformance({
    subject: createOracleSubject(),
    filters: scope === "all" ? [] : queries,
  });
  const falseAlarms = caseRows(good.rows)
    .filter((row) => row.outcome.kind !== "pass")
    .map((row) => row.query);
  const rows: KillRow[] = [];
  for (const mutant of mutants) {
    const row = await killRow(mutant, scope);
    rows.push(row);
    options.onRow?.(row);
  }
  const ok = falseAlarms.length === 0 && rows.every((row) => row.killed);
  return { rows, falseAlarms, ok };
}

async function killRow(mutant: Mutant, scope: "declared" | "all"): Promise<KillRow> {
  const subject = mutant.create();
  const queries = mutant.killedBy.map(parseQuery);
  const filters = scope === "declared" ? queries : suitesOf(subject.allocator !== undefined);
  const cases = caseRows((await runConformance({ subject, filters })).rows);
  const expected = queries.map((query, index) => countKills(cases, query, mutant.killedBy[index]));
  const tests = cases.filter(isRejection).map((row) => row.query.split(":").slice(0, 3).join(":"));
  return {
    mutant: mutant.name,
    fault: mutant.fault,
    killed: expected.every((kill) => kill.failed > 0),
    expected,
    rejectedBy: [...new Set(tests)],
  };
}

function countKills(
  cases: readonly CaseRow[],
  query: Query,
  text: string | undefined,
): ExpectedKill {
  const covered = cases.filter((row) => matchesQuery(query, parseQuery(row.query)));
  return {
    query: text ?? "",
    failed: covered.filter(isRejection).length,
    cases: covered.length,
  };
}

function isRejection(row: CaseRow): boolean {
  return row.outcome.kind === "fail";
}

function suitesOf(hasAllocator: boolean): Query[] {
  return (hasAllocator ? ["allocator", "validator"] : ["kernel", "capture"]).map(parseQuery);
}
