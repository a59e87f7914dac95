/** Going on with a run that was stopped: its complete pairs are taken over. */

import { equalData } from "../../fixtures/mod.ts";
import { BenchError, type BenchResult, type RunResult } from "../result/mod.ts";

/** Parts of a result that must be what this run's would be, and what a message says where they are not. */
const ALIKE = [
  ["environment", "the machine differs"],
  ["workload", "the workload differs"],
  ["requests", "the requests differ"],
  ["options", "the options differ"],
  ["clock", "the clock differs"],
  ["restOfLayer", "the modelled part differs"],
] as const satisfies readonly (readonly [keyof BenchResult, string])[];

/**
 * Takes over the complete pairs of a run that was stopped.
 *
 * @param earlier Result that the stopped run left.
 * @param blank What this run's result says before its first replay.
 * @returns Runs by side, as many of each.
 * @throws {BenchError} `bench/resume` when the earlier run was another one, or has nothing to take.
 */
export function takePairs(earlier: BenchResult, blank: BenchResult): RunResult[][] {
  const refuse = (reason: string): never => {
    throw new BenchError(
      "bench/resume",
      `Cannot resume from the existing result: ${reason}; repeat the command that began it, or ` +
        "start again without --resume",
    );
  };
  for (const [key, what] of ALIKE) {
    if (!equalData(plain(earlier[key]), plain(blank[key]))) {
      refuse(`${what}${difference(earlier[key], blank[key])}`);
    }
  }
  const names = (result: BenchResult): string => result.sides.map(({ name }) => name).join(", ");
  if (names(earlier) !== names(blank)) refuse(`its sides are ${names(earlier)}`);
  if (earlier.verification.failures.length > 0) refuse("its kernel was wrong");
  const pairs = Math.min(...earlier.sides.map(({ runs }) => runs.length));
  return earlier.sides.map(({ runs }) => runs.slice(0, pairs));
}

/** The value as a file gives it back. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function difference(earlier: object, blank: object): string {
  const was = plain(earlier) as Record<string, unknown>;
  const is = plain(blank) as Record<string, unknown>;
  const key = Object.keys(is).find((name) => !equalData(was[name], is[name]));
  return key === undefined
    ? ""
    : ` (${key} ${JSON.stringify(was[key])}, now ${JSON.stringify(is[key])})`;
}
