/** The suite: every test, and its cases by id. */
import { matchesQuery, orderQueries, type Query } from "./query.ts";
import { casesOf, type TestCase, type TestDefinition } from "./test_definition.ts";
import { type FuzzOptions, fuzzTests, regressionTests } from "./fuzz/fuzz_tests.ts";
import type { Regression } from "./fuzz/regression.ts";
import { allocatorTests } from "./suites/allocator_tests.ts";
import { kernelTests } from "./suites/kernel_tests.ts";

/** Lists every test of the suite. */
export function listTests(): readonly TestDefinition[] {
  return listTestsWith({});
}

/** Lists every test with another amount of fuzzing, and with regressions of one's own. */
export function listTestsWith(
  o: { readonly fuzz?: FuzzOptions; readonly regressions?: readonly Regression[] },
): readonly TestDefinition[] {
  return [...fixedTests, ...fuzzTests(o.fuzz), ...regressionTests(o.regressions)];
}

const fixedTests: readonly TestDefinition[] = [...allocatorTests, ...kernelTests];

/** What {@linkcode listCases} chooses from. */
export interface CaseSelection {
  /** A case is chosen if any of these covers it; none chooses all. */
  readonly filters?: readonly Query[];
  /** Tests to choose from; the whole suite by default. */
  readonly tests?: readonly TestDefinition[];
}

/** Lists cases in the order of their ids. */
export function listCases(selection: CaseSelection = {}): TestCase[] {
  const filters = selection.filters ?? [];
  return (selection.tests ?? listTests())
    .flatMap(casesOf)
    .filter((each) =>
      filters.length === 0 || filters.some((filter) => matchesQuery(filter, each.parsed))
    )
    .sort((first, second) => orderQueries(first.query, second.query));
}
