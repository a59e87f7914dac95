/** Tests of entry points: each of them honours every mask, alone and all at once. */
import type { AttentionProblem } from "../../kernel/mod.ts";
import type { Verdict } from "../outcome.ts";
import type { Capability, KernelSubject } from "../subject.ts";
import { defineTest, grid, type TestDefinition } from "../test_definition.ts";
import { LAYOUTS } from "./cache_spec.ts";
import { requireOk } from "./driver.ts";
import {
  attendJudged,
  judgeReply,
  needsOf,
  problemOf,
  type ProblemSpec,
  recordStep,
} from "./kernel_case.ts";

/** Ways into a kernel, and what each needs. */
export const ENTRIES = {
  new: [],
  into: ["kernel.into"],
  row: [],
  split: ["kernel.splits"],
  "many_splits": ["kernel.splits"],
  "two_passes": ["kernel.two_passes"],
  replay: ["kernel.capture"],
} as const satisfies Record<string, readonly Capability[]>;

/** One of them. */
export type Entry = keyof typeof ENTRIES;

/** Masks and what else shapes an answer. */
const RULES = {
  offset: { ranges: true },
  tree: { tree: true },
  sinks: { sinks: 20, recycled: true },
  learned: { learned: true },
  scale: { scale: 0.4 },
  windows: { kinds: "wwfw", windows: "24_9_0_50", group: 2 },
  all: {
    ranges: true,
    tree: true,
    sinks: 4,
    learned: true,
    scale: 0.3,
    kinds: "wwfw",
    windows: "24_9_0_50",
    group: 2,
  },
} as const satisfies Record<string, Partial<ProblemSpec>>;

type Rule = keyof typeof RULES;

/** Decode rows, drafts and an idle slot; a recorded step has the same numbers of query tokens. */
export const ENTRY_ROWS = "1+90_5+45_0+8_1+15_3+64";

/** The same problem; learned sinks take enough of the weight to be missed in any arithmetic. */
function withStrongSinks(problem: AttentionProblem): AttentionProblem {
  const { sinkLogits } = problem;
  return sinkLogits === undefined
    ? problem
    : { ...problem, sinkLogits: sinkLogits.map((logit) => logit + 4) };
}

/** Runs a problem through one entry point. */
export async function enter(
  kernel: KernelSubject,
  entry: Entry,
  problem: AttentionProblem,
): Promise<Verdict> {
  switch (entry) {
    case "new":
      return await attendJudged(kernel, problem);
    case "into": {
      const into = new Uint16Array(problem.query.length).fill(0x7fc1);
      return await attendJudged(kernel, problem, { into });
    }
    case "row":
      return await attendJudged(kernel, problem, { walk: "row" });
    case "split":
      return await attendJudged(kernel, problem, { splitTokens: 32 });
    case "many_splits":
      return await attendJudged(kernel, problem, { splitTokens: problem.shape.pageSizeTokens });
    case "two_passes":
      return await attendJudged(kernel, problem, { passes: "two" });
    case "replay":
      return await replayFresh(kernel, problem);
    default:
      return entry satisfies never;
  }
}

/** Records a step of the problem's shapes, and replays the problem. */
async function replayFresh(kernel: KernelSubject, problem: AttentionProblem): Promise<Verdict> {
  const capture = await recordStep(kernel, problem);
  try {
    return judgeReply(problem, requireOk("replay", await kernel.replay(capture, problem)));
  } finally {
    await kernel.releaseCapture(capture);
  }
}

/** Capabilities that a problem needs in an entry point. */
export function needsOfEntry(entry: Entry, spec: Partial<ProblemSpec>): Capability[] {
  return [...needsOf(spec), ...ENTRIES[entry]];
}

export const entryTests: readonly TestDefinition[] = [
  defineTest({
    id: "kernel:entry:rule",
    clauses: ["entry/same-rules"],
    description: "Every entry point honours every mask, offset, tree, sink, scale and window",
    needs: ({ entry, rule }) =>
      needsOfEntry(entry as Entry, { rows: ENTRY_ROWS, ...RULES[rule as Rule] }),
    cases: [
      ...grid({
        entry: Object.keys(ENTRIES) as Entry[],
        rule: Object.keys(RULES) as Rule[],
        layout: ["headwise"] as const,
      }),
      ...grid({
        entry: Object.keys(ENTRIES) as Entry[],
        rule: ["all"] as Rule[],
        layout: LAYOUTS.filter((layout) => layout === "pooled"),
      }),
    ],
    run: ({ kernel, params: { entry, rule, layout }, seed }) => {
      const spec = { rows: ENTRY_ROWS, layout, ...RULES[rule] };
      return enter(kernel, entry, withStrongSinks(problemOf(seed, spec)));
    },
  }),
];
