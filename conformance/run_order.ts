/** In which order cases run, so that a wrong subject is told early, whichever clause it breaks. */
import early from "./early_cases.json" with { type: "json" };
import type { TestCase } from "./test_definition.ts";

/**
 * Cases that reject a mutant each, the cheapest first; `deno task conformance:early` chooses them. On
 * a software device they take about ten seconds.
 */
export const EARLY_CASES: readonly string[] = early;

/** Suites by what a case of theirs costs: bookkeeping, attention, and sequences of both. */
const SUITE_ORDER: readonly (readonly string[])[] = [
  ["dump", "validator", "allocator"],
  ["kernel", "capture"],
  ["regression", "fuzz"],
];

/**
 * Orders cases: first those that tell most, then cheap suites first, and of each of them every test
 * has its first case before any has its second; the others are spread, so that no test waits for the
 * end.
 */
export function orderForRun(cases: readonly TestCase[]): TestCase[] {
  const byQuery = new Map(cases.map((each) => [each.query, each]));
  const first = EARLY_CASES.flatMap((query) => byQuery.get(query) ?? []);
  const isFirst = new Set(first);
  return [...first, ...inPhases(cases.filter((each) => !isFirst.has(each)))];
}

/** Cheap suites first. */
function inPhases(cases: readonly TestCase[]): TestCase[] {
  const phaseOf = ({ parsed }: TestCase): number => {
    const phase = SUITE_ORDER.findIndex((suites) => suites.includes(parsed.suite!));
    return phase < 0 ? SUITE_ORDER.length : phase;
  };
  const phases = Map.groupBy(cases, phaseOf);
  return [...phases].sort(([a], [b]) => a - b).flatMap(([, members]) => inRounds(members));
}

/** First cases first; the others so that each test is spread over the whole phase. */
function inRounds(cases: readonly TestCase[]): TestCase[] {
  const tests = [...Map.groupBy(cases, ({ definition }) => definition).values()];
  return tests
    .flatMap((members) => members.map((each, index) => ({ each, place: index / members.length })))
    .sort((left, right) => left.place - right.place)
    .map(({ each }) => each);
}
