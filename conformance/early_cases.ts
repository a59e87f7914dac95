/** The cases that run first: for each mutant one that rejects it, the cheapest of them first. */
import { listMutants } from "./kill_matrix.ts";
import type { Mutant } from "./mutants/mutant.ts";
import { matchesQuery, parseQuery } from "./query.ts";
import { listCases } from "./registry.ts";
import { caseRows } from "./report.ts";
import { runConformance } from "./run.ts";
import type { TestCase } from "./test_definition.ts";

/** One of the cases that run first. */
export interface EarlyCase {
  /** Its id. */
  readonly query: string;
  readonly costMs: number;
  /** Mutants that it was chosen for. */
  readonly mutants: readonly string[];
}

/** Every case that a mutant is declared to be rejected by one of. */
export function casesOfMutant(mutant: Mutant, cases: readonly TestCase[]): readonly TestCase[] {
  const queries = mutant.killedBy.map(parseQuery);
  return cases.filter(({ parsed }) => queries.some((query) => matchesQuery(query, parsed)));
}

/**
 * Chooses a rejecting case for each mutant: one that was chosen already where there is one, otherwise
 * the cheapest.
 */
export async function findEarlyCases(
  o: {
    readonly costMs: (query: string) => number;
    readonly mutants?: readonly Mutant[];
  },
): Promise<{ readonly cases: readonly EarlyCase[]; readonly untold: readonly string[] }> {
  const all = listCases();
  const chosen = new Map<string, string[]>();
  const untold: string[] = [];
  for (const mutant of o.mutants ?? listMutants()) {
    const candidates = casesOfMutant(mutant, all).toSorted((left, right) =>
      Number(chosen.has(right.query)) - Number(chosen.has(left.query)) ||
      o.costMs(left.query) - o.costMs(right.query)
    );
    const found = await firstRejecting(mutant, candidates);
    if (found === null) untold.push(mutant.name);
    else chosen.set(found, [...chosen.get(found) ?? [], mutant.name]);
  }
  const cases = [...chosen].map(([query, mutants]) => ({
    query,
    costMs: o.costMs(query),
    mutants,
  }));
  const priceOf = ({ costMs, mutants }: EarlyCase): number => costMs / mutants.length;
  return { cases: cases.sort((left, right) => priceOf(left) - priceOf(right)), untold };
}

async function firstRejecting(
  mutant: Mutant,
  cases: readonly TestCase[],
): Promise<string | null> {
  const subject = mutant.create();
  for (const { parsed } of cases) {
    const { rows } = await runConformance({ subject, filters: [parsed] });
    const rejected = caseRows(rows).find(({ outcome }) => outcome.kind === "fail");
    if (rejected !== undefined) return rejected.query;
  }
  return null;
}
