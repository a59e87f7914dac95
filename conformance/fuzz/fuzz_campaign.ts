/** Draws random sequences, and shrinks the first that fails to one that is as short as can be. */
import fc from "fast-check";
import { Mismatch } from "../outcome.ts";
import type { JudgedAllocator } from "../guard.ts";
import type { KernelSubject } from "../subject.ts";
import { fuzzProgramArbitrary, type FuzzSource } from "./fuzz_arbitrary.ts";
import { describeCommand } from "./fuzz_command.ts";
import { type FuzzProgram, runFuzzProgram } from "./fuzz_program.ts";

/** What a campaign is made of. */
export interface FuzzCampaign extends FuzzSource {
  readonly allocator: JudgedAllocator;
  /** The kernel that replays recorded steps; needed where the source has any. */
  readonly kernel?: KernelSubject;
  readonly seed: number;
  /** Sequences to run. */
  readonly sequences: number;
  /** No new sequence, and no shorter one, is tried after so many milliseconds. */
  readonly timeLimitMs: number;
}

/**
 * Runs a campaign.
 *
 * @throws {Mismatch} With the shrunk sequence as its counterexample.
 */
export async function runFuzzCampaign(o: FuzzCampaign): Promise<number> {
  let broken: unknown = null;
  const property = fc.asyncProperty(fuzzProgramArbitrary(o), async (program) => {
    try {
      await runFuzzProgram(program, o);
    } catch (error) {
      // A subject that breaks is no mismatch: there is nothing to shrink.
      if (!(error instanceof Mismatch)) {
        broken ??= error;
        return;
      }
      throw error;
    }
  });
  const run = await fc.check(property, {
    seed: o.seed,
    numRuns: o.sequences,
    interruptAfterTimeLimit: o.timeLimitMs,
    markInterruptAsFailure: false,
  });
  if (broken !== null) throw broken;
  const program = run.counterexample?.[0];
  if (program === undefined) return run.numRuns;
  const detail = run.errorInstance instanceof Error ? run.errorInstance.message : "";
  throw new Mismatch(
    `Sequence ${run.numRuns} of seed ${o.seed}, shrunk ${run.numShrinks} times: ${detail}; ` +
      `minimal case: ${describeProgram(program)}`,
    null,
    program,
  );
}

/** Writes a sequence in one line: the allocator, then the commands. */
export function describeProgram({ spec, commands }: FuzzProgram): string {
  const parts = Object.entries(spec).map(([name, value]) => `${name} ${value}`);
  return `${parts.join(", ")}: ${commands.map(describeCommand).join("; ")}`;
}
