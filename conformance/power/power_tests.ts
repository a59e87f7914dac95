/** Tests whose accepted interval is far smaller than what the smallest fault moves, whatever is declared. */
import type { AttentionProblem, StorageType } from "../../kernel/mod.ts";
import {
  attendJudged,
  needsOf,
  problemOf,
  type ProblemSpec,
  STORAGES,
} from "../suites/kernel_case.ts";
import { withOneHotValues } from "./one_hot.ts";
import { defineTest, grid, type TestDefinition } from "../test_definition.ts";

/** At most as many tokens as a vector has elements: every key has an element of its own. */
const ROWS = "3+30_1+47_0+5_1+62_4+20";

/** A logit that takes most of the weight, so that a sink forgotten or counted twice shows in every row. */
const STRONG_SINK = 6;

/** The rules that have cases of one-hot values, and what they add to a problem. */
export const POWER_RULES = {
  masks: {},
  offset: { ranges: true },
  tree: { tree: true },
  learned: { learned: true },
} as const satisfies Record<string, Partial<ProblemSpec>>;

/** A rule of {@linkcode POWER_RULES}. */
export type PowerRule = keyof typeof POWER_RULES;

/** What one case is made of. */
export interface PowerCase {
  readonly rule: PowerRule;
  readonly storage: StorageType;
  readonly layout: ProblemSpec["layout"];
}

function specOf({ rule, storage, layout }: PowerCase): Partial<ProblemSpec> {
  return { rows: ROWS, storage, layout, window: 24, sinks: 4, ...POWER_RULES[rule] };
}

/**
 * The problem of a case.
 *
 * @returns Every key of every row has a value of its own.
 */
export function powerProblem(each: PowerCase, seed: number): AttentionProblem {
  const problem = withOneHotValues(problemOf(seed, specOf(each)));
  const { sinkLogits } = problem;
  return sinkLogits === undefined
    ? problem
    : { ...problem, sinkLogits: sinkLogits.map((_, head) => STRONG_SINK + head / 8) };
}

function powerTest(
  rule: PowerRule,
  o: {
    readonly clauses: readonly string[];
    readonly description: string;
    readonly cases?: readonly PowerCase[];
  },
): TestDefinition {
  return defineTest({
    id: `kernel:power:${rule}`,
    clauses: o.clauses,
    description: o.description,
    needs: ({ storage, layout }) => needsOf(specOf({ rule, storage, layout })),
    cases: (o.cases ?? grid({ rule: [rule], storage: STORAGES, layout: ["headwise"] as const }))
      .map(({ storage, layout }) => ({ storage, layout })),
    run: ({ kernel, params: { storage, layout }, seed }) =>
      attendJudged(kernel, powerProblem({ rule, storage, layout }, seed)),
  });
}

export const powerTests: readonly TestDefinition[] = [
  powerTest("masks", {
    clauses: ["mask/full", "mask/window", "mask/sink-threaded", "layout/row-major-heads"],
    description: "Every key of full and window heads shows, and no key too many, in every layout",
    cases: [
      ...grid({ rule: ["masks"] as const, storage: STORAGES, layout: ["headwise"] as const }),
      { rule: "masks", storage: "bf16", layout: "pooled" },
      { rule: "masks", storage: "bf16", layout: "uniform" },
    ],
  }),
  powerTest("offset", {
    clauses: ["mask/offset"],
    description: "Every key of a range shows, and none beside it",
  }),
  powerTest("tree", {
    clauses: ["mask/tree"],
    description: "Every ancestor of a drafted token shows, and no sibling",
  }),
  powerTest("learned", {
    clauses: ["softmax/learned-sink"],
    description: "A learned sink takes its share of every key's weight",
  }),
];
