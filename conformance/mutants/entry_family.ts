/** Kernels one of whose entry points forgets one rule. */
import type { AttentionProblem } from "../../kernel/mod.ts";
import type { AttendOptions } from "../subject.ts";
import { type FamilyMember, kernelFamily } from "./family.ts";
import type { Mutant } from "./mutant.ts";

/** What each rule's forgetting makes of a problem. */
const FORGET: Readonly<Record<string, (problem: AttentionProblem) => AttentionProblem>> = {
  offset: ({ maskRanges: _, ...problem }) => problem,
  tree: ({ treeMask: _, ...problem }) => problem,
  sinks: (problem) => ({ ...problem, sinkTokens: 0 }),
  learned: ({ sinkLogits: _, ...problem }) => problem,
  scale: ({ scale: _, ...problem }) => problem,
  windows: (problem) => ({
    ...problem,
    headWindows: problem.headWindows.map(() => problem.headWindows[0] ?? 0),
  }),
};

/** Which entry point a call takes; a replay has a command of its own. */
const ENTRIES: Readonly<Record<string, (o: AttendOptions) => boolean>> = {
  new: (o) => o.into === undefined && o.splitTokens === 0 && o.passes === "one" && o.walk !== "row",
  into: (o) => o.into !== undefined,
  row: (o) => o.walk === "row",
  split: (o) => o.splitTokens === 32,
  "many_splits": (o) => o.splitTokens === 16,
  "two_passes": (o) => o.passes === "two",
  replay: () => false,
};

interface EntryMember extends FamilyMember {
  readonly entry: string;
  readonly rule: string;
}

const MEMBERS: readonly EntryMember[] = Object.keys(ENTRIES).flatMap((entry) =>
  Object.keys(FORGET).map((rule) => ({
    entry,
    rule,
    label: `${entry}_forgets_${rule}`,
    fault: `The entry point "${entry.replaceAll("_", " ")}" forgets the rule "${rule}"`,
    killedBy: [`kernel:entry:rule:entry=${entry};layout=headwise;rule=${rule}`],
  }))
);

export const entryMutants: readonly Mutant[] = kernelFamily(
  { name: "entry", origin: "field", violates: ["entry/same-rules"] },
  MEMBERS,
  ({ entry, rule }) => (good) => ({
    attend: (problem, o) => good.attend(ENTRIES[entry]!(o) ? FORGET[rule]!(problem) : problem, o),
    replay: (capture, problem) =>
      good.replay(capture, entry === "replay" ? FORGET[rule]!(problem) : problem),
  }),
);
