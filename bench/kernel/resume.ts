/** Going on with a kernel benchmark that was stopped: cases that it timed are taken over. */

import { isSameStored, refuseResume, requireSameRun } from "../result/mod.ts";
import type { KernelCase } from "./case.ts";
import type { RawKernelCase } from "./measure.ts";
import type { KernelResult } from "./result_schema.ts";

/** What a run has to have in common with the one that it goes on with. */
export type KernelRun = Pick<KernelResult, "environment" | "adapter"> & {
  readonly options: Omit<KernelResult["options"], "tuning">;
};

/**
 * Takes over the cases that a stopped run has timed. What it skipped, found wrong or could not run is
 * tried again.
 *
 * @returns Timed cases by name, and milliseconds of an empty chain by its dispatches.
 * @throws {BenchError} `bench/resume` when the earlier run was another one.
 */
export function takeCases(
  earlier: KernelResult,
  o: KernelRun & {
    readonly cases: readonly KernelCase[];
    readonly tuningOf: (kernelCase: KernelCase) => object | null;
  },
): {
  readonly cases: ReadonlyMap<string, RawKernelCase>;
  readonly emptyChains: ReadonlyMap<number, number>;
} {
  const { tuning: _, ...options } = earlier.options;
  requireSameRun([
    ["the machine differs", earlier.environment, o.environment],
    ["the adapter differs", earlier.adapter, o.adapter],
    ["the options differ", options, o.options],
  ]);
  const cases = new Map<string, RawKernelCase>();
  const emptyChains = new Map<number, number>();
  for (const { outcome, ...each } of earlier.cases) {
    const wanted = o.cases.find(({ name }) => name === each.case.name);
    if (wanted === undefined || outcome.kind !== "timed") continue;
    if (!isSameStored(each.case, wanted)) {
      throw refuseResume(`case '${wanted.name}' is another one`);
    }
    if (!isSameStored(outcome.tuning, o.tuningOf(wanted))) {
      throw refuseResume(`case '${wanted.name}' was tuned otherwise`);
    }
    const { figures, ...timed } = outcome;
    cases.set(wanted.name, { ...each, outcome: timed });
    emptyChains.set(outcome.dispatches, figures.emptyChainMs);
  }
  return { cases, emptyChains };
}
