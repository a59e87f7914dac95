/** Going on with a run that was stopped: its complete pairs are taken over. */

import { type BenchResult, refuseResume, requireSameRun, type RunResult } from "../result/mod.ts";

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
 * @param blank What this run's result says before its first replay.
 * @throws {BenchError} `bench/resume` when the earlier run was another one, or has nothing to take.
 */
export function takePairs(earlier: BenchResult, blank: BenchResult): RunResult[][] {
  requireSameRun(ALIKE.map(([key, what]) => [what, earlier[key], blank[key]]));
  const names = (result: BenchResult): string => result.sides.map(({ name }) => name).join(", ");
  if (names(earlier) !== names(blank)) throw refuseResume(`its sides are ${names(earlier)}`);
  if (earlier.verification.failures.length > 0) throw refuseResume("its kernel was wrong");
  const pairs = Math.min(...earlier.sides.map(({ runs }) => runs.length));
  return earlier.sides.map(({ runs }) => runs.slice(0, pairs));
}
