/** Tests by random sequences, and by sequences that once failed. */
import { PASS, type Verdict } from "../outcome.ts";
import { defineTest, grid, type TestDefinition } from "../test_definition.ts";
import { layoutCapability, LAYOUTS } from "../suites/cache_spec.ts";
import { needsOf } from "../suites/kernel_case.ts";
import type { Capability } from "../subject.ts";
import { runFuzzCampaign } from "./fuzz_campaign.ts";
import { runFuzzProgram } from "./fuzz_program.ts";
import { listRegressions, type Regression } from "./regression.ts";

/** How much fuzzing a run does. */
export interface FuzzOptions {
  /** Sequences in all, over every layout. */
  readonly sequences: number;
  /** Seed of the sequences. */
  readonly seed: number;
  /** Most time that one case draws new sequences for, in milliseconds; 10 s by default. */
  readonly timeLimitMs?: number;
}

/** What the suite does on its own: thousands of sequences, which take seconds in one process. */
export const DEFAULT_FUZZ: FuzzOptions = { sequences: 3000, seed: 1 };

/** Clauses that the naive model judges after every command. */
const MODEL_CLAUSES: readonly string[] = [
  "pool/conservation",
  "pool/all-or-nothing",
  "pool/available",
  "pool/extend",
  "sentinel/tail",
  "sentinel/only-when-dead",
  "recycle/window-only",
  "recycle/page-boundary",
  "recycle/in-flight",
  "abort/exact",
  "slot/swap-rows",
  "slot/reorder-stale",
  "slot/condense",
];

/** One sequence of so many has a kernel beside it: attention costs more than bookkeeping. */
const SEQUENCES_PER_REPLAY = 50;

/**
 * Makes the tests that draw random sequences.
 *
 * @returns The tests, without a case where no sequence is asked for; ids carry seed and number.
 */
export function fuzzTests(options: FuzzOptions = DEFAULT_FUZZ): readonly TestDefinition[] {
  const { seed, timeLimitMs = 10_000 } = options;
  const layouts = options.sequences > 0 ? LAYOUTS : [];
  const sequences = Math.ceil(options.sequences / LAYOUTS.length);
  const replays = Math.ceil(sequences / SEQUENCES_PER_REPLAY);
  return [
    defineTest({
      id: "fuzz:allocator:commands",
      clauses: MODEL_CLAUSES,
      description: "Random commands leave the allocator where the naive model is, one by one",
      needs: ({ layout }) => [layoutCapability(layout)],
      cases: grid({ layout: layouts, seed: [seed], sequences: [sequences] }),
      run: async ({ allocator, params: { layout } }) => {
        const source = { layout, capture: false, maxCommands: 40, claims: allocator.claims };
        const ran = await runFuzzCampaign({ ...source, allocator, seed, sequences, timeLimitMs });
        return passed(ran, sequences);
      },
    }),
    defineTest({
      id: "fuzz:engine:capture",
      clauses: [...MODEL_CLAUSES, "capture/static", "capture/equal", "sentinel/no-read"],
      description: "A recorded step replayed between random commands reads what the tables say now",
      needs: (
        { layout },
      ) => [layoutCapability(layout), ...needsOf({ layout, storage: "bf16" }), "kernel.capture"],
      cases: grid({ layout: layouts, seed: [seed], sequences: [replays] }),
      run: async ({ allocator, kernel, params: { layout } }) => {
        const source = { layout, capture: true, maxCommands: 24, claims: allocator.claims };
        const o = { ...source, allocator, kernel, seed, sequences: replays, timeLimitMs };
        return passed(await runFuzzCampaign(o), replays);
      },
    }),
  ];
}

/**
 * Makes the tests that replay sequences that once failed.
 *
 * @returns One test for the sequences that come with the suite, and one for the others if any.
 */
export function regressionTests(kept: readonly Regression[] = []): readonly TestDefinition[] {
  const own = replayTest("kept", listRegressions());
  return kept.length === 0 ? [own] : [own, replayTest("local", kept)];
}

function replayTest(path: string, regressions: readonly Regression[]): TestDefinition {
  const byName = new Map(regressions.map((each) => [each.name, each]));
  return defineTest({
    id: `regression:${path}:commands`,
    clauses: MODEL_CLAUSES,
    description: "A sequence of commands that once failed leaves the allocator where the model is",
    needs: ({ name, layout }) => [layoutCapability(layout), ...needsOfProgram(byName.get(name))],
    cases: regressions.map(({ name, program }) => ({ name, layout: program.spec.layout })),
    run: async ({ allocator, params: { name }, seed }) => {
      const regression = byName.get(name);
      if (regression === undefined) throw new RangeError(`Cannot replay "${name}": it is not kept`);
      await runFuzzProgram(regression.program, { allocator, seed });
      return PASS;
    },
  });
}

/** What a kept sequence's allocator has beyond its layout. */
function needsOfProgram(regression: Regression | undefined): Capability[] {
  const spec = regression?.program.spec;
  return [
    ...((spec?.layerGroups ?? 1) > 1 ? ["allocator.layer_groups"] as const : []),
    ...((spec?.sinkTokens ?? 0) > 0 ? ["allocator.sinks"] as const : []),
    ...((spec?.preallocatedPages ?? 0) > 0 ? ["allocator.preallocation"] as const : []),
    ...(spec?.recycle === true ? ["allocator.recycle"] as const : []),
  ];
}

function passed(ran: number, wanted: number): Verdict {
  const note = ran < wanted ? `${ran} of ${wanted} sequences in time` : `${ran} sequences`;
  return { kind: "pass", budgetUsed: null, note };
}
