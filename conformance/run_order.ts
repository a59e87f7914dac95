/** In which order cases run: every test has its first case before any has its second. */
import type { TestCase } from "./test_definition.ts";

/** Suites that draw on the others' ground at length: they come last. */
const LONG_SUITES: ReadonlySet<string> = new Set(["fuzz", "regression"]);

/**
 * Orders cases so that a wrong subject is told early, whichever clause it breaks.
 *
 * @param cases Cases in the order of the suite.
 * @returns The same cases, round by round.
 */
export function orderForRun(cases: readonly TestCase[]): TestCase[] {
  const tests = [...Map.groupBy(cases, ({ definition }) => definition).values()];
  const isLong = ([first]: readonly TestCase[]): boolean =>
    LONG_SUITES.has(first?.definition.suite ?? "");
  const rounds = Math.max(0, ...tests.map(({ length }) => length));
  const short = tests.filter((members) => !isLong(members));
  const roundsOf = (group: readonly (readonly TestCase[])[]): TestCase[] =>
    Array.from({ length: rounds }, (_, round) => group.flatMap((members) => members[round] ?? []))
      .flat();
  return [...roundsOf(short), ...roundsOf(tests.filter(isLong))];
}
