/** A test as data: what it is called, which clauses it judges, its cases and how to run one. */
import { parseQuery, printQuery, type Query } from "./query.ts";
import type { Verdict } from "./outcome.ts";
import type { JudgedAllocator, JudgedKernel } from "./guard.ts";
import type { Capability } from "./subject.ts";

/** Parameters of one case. */
export type CaseParams = Readonly<Record<string, string | number | boolean>>;

/** What a running case is given. */
export interface CaseContext<P extends CaseParams = CaseParams> {
  /** The case's id. */
  readonly query: string;
  /** The case's parameters. */
  readonly params: P;
  /** Seed that follows from the id alone, so that a case repeats on its own. */
  readonly seed: number;
  /** The subject's allocator; a fault of the suite if the subject has none. */
  readonly allocator: JudgedAllocator;
  /** The subject's kernel; a fault of the suite if the subject has none. */
  readonly kernel: JudgedKernel;
}

/** A test with its cases. */
export interface TestDefinition<P extends CaseParams = CaseParams> {
  /** Levels of names of its cases' ids; segments of the path are separated by commas. */
  readonly id: `${string}:${string}:${string}`;
  /** Clauses that it judges, at least one. */
  readonly clauses: readonly string[];
  /** What is judged, readable alone. */
  readonly description: string;
  /** Capabilities that a case needs. */
  readonly needs: (params: P) => readonly Capability[];
  /** Parameters of each case. */
  readonly cases: readonly P[];
  /** Judges one case. */
  readonly run: (context: CaseContext<P>) => Promise<Verdict>;
}

/** One case of the suite. */
export interface TestCase {
  /** Printed id. */
  readonly query: string;
  /** The id as a query. */
  readonly parsed: Query;
  /** Its test. */
  readonly definition: TestDefinition;
  /** Its parameters. */
  readonly params: CaseParams;
}

/** Capabilities that cases need, or that each case needs; a condition that is false needs nothing. */
export type Needs<P> = NeedList | ((params: P) => NeedList);
type NeedList = readonly (Capability | false)[];

/** What a case needs; conditions that are false stay in the list. */
export function needsIn<P>(needs: Needs<P>, params: P): NeedList {
  return typeof needs === "function" ? needs(params) : needs;
}

/** Declares a test and forgets its parameter type, so that all tests fit one list. */
export function defineTest<P extends CaseParams>(
  { needs, ...definition }: Omit<TestDefinition<P>, "needs"> & { readonly needs: Needs<P> },
): TestDefinition {
  return {
    ...definition,
    needs: (params: P) => needsIn(needs, params).filter((need) => need !== false),
  } as unknown as TestDefinition;
}

/**
 * Lists the cases of a test.
 *
 * @throws {QueryError} If a name, key or value does not fit the grammar of ids.
 */
export function casesOf(definition: TestDefinition): readonly TestCase[] {
  const listed = knownCases.get(definition) ?? listCases(definition);
  knownCases.set(definition, listed);
  return listed;
}

/** Runs list the suite once for each filter or mutant, and ids take long to write and to read. */
const knownCases = new WeakMap<TestDefinition, readonly TestCase[]>();

function listCases(definition: TestDefinition): readonly TestCase[] {
  return definition.cases.map((params) => {
    const pairs = Object.entries(params).map(([key, value]) => `${key}=${value}`).join(";");
    const parsed = parseQuery(`${definition.id}:${pairs}`);
    return { query: printQuery(parsed), parsed, definition, params };
  });
}

/**
 * Builds the product of the values of each axis.
 *
 * @returns Every combination, the last axis fastest.
 */
export function grid<const A extends Readonly<Record<string, readonly CaseParams[string][]>>>(
  axes: A,
): { readonly [K in keyof A]: A[K][number] }[] {
  let combinations: CaseParams[] = [{}];
  for (const [key, values] of Object.entries(axes)) {
    combinations = combinations.flatMap((params) =>
      values.map((value) => ({ ...params, [key]: value }))
    );
  }
  return combinations as { readonly [K in keyof A]: A[K][number] }[];
}

/**
 * Builds a control case and, for each axis, variations of it in that axis alone.
 *
 * @param axes Other values by parameter name.
 */
export function vary<
  const P extends CaseParams,
  const A extends { readonly [K in keyof P]?: readonly CaseParams[string][] },
>(control: P, axes: A): { readonly [K in keyof P]: P[K] | ValueOf<A[K]> }[] {
  const variations = Object.entries(axes).flatMap(([key, values]) =>
    (values ?? []).map((value) => ({ ...control, [key]: value }))
  );
  return [control, ...variations] as { readonly [K in keyof P]: P[K] | ValueOf<A[K]> }[];
}

/** What an axis has; nothing where there is none. */
type ValueOf<Axis> = Axis extends readonly (infer Value)[] ? Value : never;
