/** Random sequences: lengths around page boundaries, small pools, every command. */
import fc from "fast-check";
import type { Layout } from "../../allocator/mod.ts";
import type { Capability } from "../subject.ts";
import type { FuzzCommand } from "./fuzz_command.ts";
import type { FuzzProgram } from "./fuzz_program.ts";

const SLOTS = 4;
const PAGE_TOKENS = 16;

/** What sequences are drawn from. */
export interface FuzzSource {
  /** Layout of every sequence. */
  readonly layout: Layout;
  /** What the subject claims; specs ask for no more. */
  readonly claims: ReadonlySet<Capability>;
  /** Whether recorded steps are replayed between the commands. */
  readonly capture: boolean;
  /** Most commands of a sequence. */
  readonly maxCommands: number;
}

/** Sequences over one layout. */
export function fuzzProgramArbitrary(source: FuzzSource): fc.Arbitrary<FuzzProgram> {
  return fc.record({
    spec: specArbitrary(source),
    // Sizes are not biased towards short ones: faults need a state to show in.
    commands: fc.array(commandArbitrary(source), {
      maxLength: source.maxCommands,
      size: "max",
    }),
  });
}

function specArbitrary({ layout, capture, claims }: FuzzSource): fc.Arbitrary<FuzzProgram["spec"]> {
  return fc.record({
    layout: fc.constant(layout),
    ratio: fc.constantFrom(0.5, 0, 0.25, 1),
    pattern: fc.constantFrom("first", "last"),
    layerGroups: layout === "uniform" || !claims.has("allocator.layer_groups")
      ? fc.constant(1)
      : fc.constantFrom(1, 2),
    windowTokens: fc.constantFrom(64, 1, 16, 17, 40),
    sinkTokens: claims.has("allocator.sinks") ? fc.constantFrom(0, 16, 20) : fc.constant(0),
    slots: fc.constant(SLOTS),
    // A device compiles for the sizes of its pools: with a kernel they stay what they are.
    pagesPerHead: capture ? fc.constant(24) : fc.constantFrom(24, 4, 10, 32),
    preallocatedPages: claims.has("allocator.preallocation")
      ? fc.constantFrom(0, 2)
      : fc.constant(0),
    recycle: claims.has("allocator.recycle") ? fc.boolean() : fc.constant(false),
    shuffleSeed: fc.option(fc.nat({ max: 0xffff })),
  });
}

function commandArbitrary({ capture }: FuzzSource): fc.Arbitrary<FuzzCommand> {
  const slot = fc.nat({ max: SLOTS - 1 });
  const tokens = fc.oneof(
    fc.integer({ min: 1, max: 10 * PAGE_TOKENS }),
    fc.integer({ min: 1, max: 10 }).map((pages) => pages * PAGE_TOKENS),
  );
  const few = fc.nat({ max: 8 });
  const kind = <K extends string>(name: K): fc.Arbitrary<K> => fc.constant(name);
  return fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: kind("admit"), slot, tokens }) },
    { weight: 6, arbitrary: fc.record({ kind: kind("extend"), slot, tokens }) },
    { weight: 4, arbitrary: fc.record({ kind: kind("decode") }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: kind("speculate"), slot, drafts: few, accepted: few }),
    },
    { weight: 5, arbitrary: fc.record({ kind: kind("recycle"), slot, recomputed: few }) },
    { weight: 3, arbitrary: fc.record({ kind: kind("abort"), slot }) },
    { weight: 2, arbitrary: fc.record({ kind: kind("preempt"), slot }) },
    { weight: 2, arbitrary: fc.record({ kind: kind("swap"), first: slot, second: slot }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: kind("reorder"), order: permutationArbitrary() }),
    },
    { weight: 1, arbitrary: fc.record({ kind: kind("condense") }) },
    { weight: 2, arbitrary: fc.record({ kind: kind("begin") }) },
    { weight: 2, arbitrary: fc.record({ kind: kind("complete") }) },
    { weight: capture ? 4 : 0, arbitrary: fc.record({ kind: kind("capture") }) },
  );
}

function permutationArbitrary(): fc.Arbitrary<number[]> {
  const slots = Array.from({ length: SLOTS }, (_, slot) => slot);
  return fc.shuffledSubarray(slots, { minLength: SLOTS, maxLength: SLOTS });
}
