/** Proves that the suite tells good from bad: every mutant is rejected, the good subject is not. */
import { admissionMutants } from "./mutants/admission_family.ts";
import { appendMutants } from "./mutants/append_mutants.ts";
import { arithmeticMutants } from "./mutants/arithmetic_family.ts";
import { attendMutants } from "./mutants/attend_mutants.ts";
import { captureMutants } from "./mutants/capture_mutants.ts";
import { cheatMutants } from "./mutants/cheat_family.ts";
import { commandMutants } from "./mutants/command_family.ts";
import { copyMutants } from "./mutants/copy_family.ts";
import { edgeMutants } from "./mutants/edge_family.ts";
import { entryMutants } from "./mutants/entry_family.ts";
import { holderMutants } from "./mutants/holder_family.ts";
import { holeMutants } from "./mutants/hole_family.ts";
import { kernelSizeMutants } from "./mutants/kernel_size_family.ts";
import { lifetimeMutants } from "./mutants/lifetime_family.ts";
import type { Mutant, MutantFacts } from "./mutants/mutant.ts";
import { poolMutants } from "./mutants/pool_mutants.ts";
import { prefixMutants } from "./mutants/prefix_family.ts";
import { quantisedAppendMutants } from "./mutants/quantised_append_family.ts";
import { quantisedSidesMutants } from "./mutants/quantised_sides_family.ts";
import { quantisedMutants } from "./mutants/quantised_family.ts";
import { rankMutants } from "./mutants/rank_mutants.ts";
import { recycleMutants } from "./mutants/recycle_mutants.ts";
import { quantisedRefusalMutants, refusalMutants, shapeMutants } from "./mutants/refusal_family.ts";
import { sizeMutants } from "./mutants/size_family.ts";
import { slotMutants } from "./mutants/slot_mutants.ts";
import { validatorMutants } from "./mutants/validator_family.ts";
import type { Arithmetic } from "../kernel/mod.ts";
import { matchesQuery, parseQuery, type Query } from "./query.ts";
import { type CaseRow, caseRows } from "./report.ts";
import { runConformance } from "./run.ts";
import type { Subject } from "./subject.ts";
import { createOracleSubject } from "./subjects/oracle.ts";

/** What became of one query that must hold a case that rejects a mutant. */
export interface ExpectedKill {
  /** The query. */
  readonly query: string;
  /** Cases under it that failed and judge a clause that the mutant violates. */
  readonly failed: number;
  /** Cases under it that ran. */
  readonly cases: number;
}

/** One row of the kill matrix. */
export interface KillRow extends Pick<MutantFacts, "fault" | "origin" | "violates"> {
  /** Name of the mutant. */
  readonly mutant: string;
  /** Clauses among them that no rejection judges; must be none. */
  readonly unproven: readonly string[];
  /** Whether every query that must reject it does, for every clause. */
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
  /** Cases of the good subject that did not pass; must be none. */
  readonly falseAlarms: readonly string[];
  /** Whether every mutant was killed and nothing good was rejected. */
  readonly ok: boolean;
}

/** What a self-test runs. */
export interface SelfTestOptions {
  /** Mutants; all by default. */
  readonly mutants?: readonly Mutant[];
  /** Cases for the good subject: those that mutants name, or the whole suite; the former by default. */
  readonly goodScope?: "declared" | "all";
  /** How the kernels compute, the good one and the mutants; float64 by default. */
  readonly arithmetic?: Arithmetic;
  /** Called with each row as it is finished. */
  readonly onRow?: (row: KillRow) => void;
}

/** Lists every mutant. */
export function listMutants(): readonly Mutant[] {
  return [
    ...poolMutants,
    ...recycleMutants,
    ...slotMutants,
    ...rankMutants,
    ...admissionMutants,
    ...commandMutants,
    ...copyMutants,
    ...lifetimeMutants,
    ...prefixMutants,
    ...sizeMutants,
    ...validatorMutants,
    ...attendMutants,
    ...shapeMutants,
    ...appendMutants,
    ...captureMutants,
    ...entryMutants,
    ...kernelSizeMutants,
    ...refusalMutants,
    ...holderMutants,
    ...holeMutants,
    ...quantisedMutants,
    ...quantisedSidesMutants,
    ...quantisedRefusalMutants,
    ...quantisedAppendMutants,
    ...arithmeticMutants,
    ...cheatMutants,
    ...edgeMutants,
  ];
}

/**
 * Runs mutants and the good subject through the suite.
 *
 * A mutant is killed only by verdicts: a mutant that throws proves nothing.
 */
export async function selfTest(options: SelfTestOptions = {}): Promise<SelfTestReport> {
  const mutants = options.mutants ?? listMutants();
  const queries = mutants.flatMap((mutant) => mutant.killedBy).map(parseQuery);
  const computed = options.arithmetic === undefined ? {} : { arithmetic: options.arithmetic };
  const good = await runConformance({
    subject: createOracleSubject(computed),
    filters: options.goodScope === "all" ? [] : queries,
  });
  const falseAlarms = caseRows(good.rows)
    .filter((row) => row.outcome.kind !== "pass")
    .map((row) => row.query);
  const rows: KillRow[] = [];
  for (const mutant of mutants) {
    const row = await killRow(mutant, mutant.create(computed));
    rows.push(row);
    options.onRow?.(row);
  }
  const ok = falseAlarms.length === 0 && rows.every((row) => row.killed);
  return { rows, falseAlarms, ok };
}

async function killRow(mutant: Mutant, subject: Subject): Promise<KillRow> {
  const filters = mutant.killedBy.map(parseQuery);
  const violated = new Set(mutant.violates);
  const rejects = (row: CaseRow): boolean =>
    row.outcome.kind === "fail" && row.clauses.some((clause) => violated.has(clause));
  // One rejection for each query and each clause proves what there is to prove.
  const open = { queries: new Set(filters), clauses: new Set(violated) };
  const enough = new AbortController();
  const { rows } = await runConformance({
    subject,
    filters,
    signal: enough.signal,
    onRow: (row) => {
      if (row.kind !== "case" || !rejects(row)) return;
      for (const clause of row.clauses) open.clauses.delete(clause);
      for (const query of open.queries) if (covers(query, row)) open.queries.delete(query);
      if (open.queries.size + open.clauses.size === 0) enough.abort();
    },
  });
  const cases = caseRows(rows);
  const rejections = cases.filter(rejects);
  const expected = filters.map((query, index) => ({
    query: mutant.killedBy[index] ?? "",
    failed: rejections.filter((row) => covers(query, row)).length,
    cases: cases.filter((row) => covers(query, row)).length,
  }));
  const judged = new Set(rejections.flatMap((row) => row.clauses));
  const unproven = mutant.violates.filter((clause) => !judged.has(clause));
  const tests = rejections.map((row) => row.query.split(":").slice(0, 3).join(":"));
  return {
    mutant: mutant.name,
    fault: mutant.fault,
    origin: mutant.origin,
    violates: mutant.violates,
    unproven,
    killed: unproven.length === 0 && expected.every((kill) => kill.failed > 0),
    expected,
    rejectedBy: [...new Set(tests)],
  };
}

function covers(query: Query, row: CaseRow): boolean {
  return matchesQuery(query, parseQuery(row.query));
}

/** Renders the kill matrix as Markdown. */
export function killMatrixMarkdown(report: SelfTestReport): string {
  const rows = report.rows.map((row) => {
    const clauses = row.violates.map((clause) => `\`${clause}\``).join(", ");
    const tests = row.rejectedBy.map((test) => `\`${test}\``).join(", ");
    const state = row.killed ? "killed" : "**survived**";
    return `| \`${row.mutant}\` | ${row.fault} | ${row.origin} | ${clauses} | ${state} | ${tests} |`;
  });
  return [
    "# Kill matrix",
    "",
    "| mutant | fault | origin | violates | state | rejected by |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows,
    "",
    ...report.falseAlarms.map((query) => `- False alarm: \`${query}\``),
    "",
  ].join("\n");
}
