import type { Mutant } from "./sample.ts";
import type { TestRunner } from "./test_run.ts";
import { type Check, createBaseline, judgeMutant, type Verdict } from "./verdict.ts";

/** A verdict that has just been found. */
export interface Found {
  /** Place in the sample, from 1. */
  readonly index: number;
  readonly mutant: Mutant;
  readonly verdict: Verdict;
  /** Seconds that its checks took. */
  readonly elapsedS: number;
}

/**
 * Judges mutants by several runners at a time, each of which takes the next one when it is free.
 * Verdicts are reported as they are found, in no order; which they are does not depend on the number
 * of runners.
 */
export async function judgeAll(
  mutants: readonly Mutant[],
  o: {
    readonly runners: readonly TestRunner[];
    readonly checksOf: (path: string) => readonly Check[];
    /** Places that are judged already, from 1. */
    readonly skip: { has(index: number): boolean };
    readonly onVerdict: (found: Found) => void;
  },
): Promise<void> {
  const baseline = createBaseline();
  const queue = [...mutants.entries()].filter(([at]) => !o.skip.has(at + 1));
  await Promise.all(o.runners.map(async (runner) => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [at, mutant] = next;
      const started = performance.now();
      const verdict = await judgeMutant(mutant, {
        runner,
        checks: o.checksOf(mutant.path),
        baseline,
      });
      const elapsedS = Math.round((performance.now() - started) / 100) / 10;
      o.onVerdict({ index: at + 1, mutant, verdict, elapsedS });
    }
  }));
}
