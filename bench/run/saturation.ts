/** Arrivals at a share of saturation: what the baseline serves when everyone waits at once. */

import { saturate, type TraceRequest } from "../../fixtures/mod.ts";
import { measure, replay } from "../replay/mod.ts";
import { optionError, type RunPerformance } from "../result/mod.ts";
import { createSideRanks } from "../scheduler/mod.ts";
import type { BenchOptions } from "./options.ts";
import { type Bench, prepareBench } from "./prepare.ts";
import { openSideClock } from "./side_clock.ts";

/**
 * Gives arrivals that are a share of saturation their rate. The baseline, the first side of the
 * gates, is replayed saturated with a modelled clock, so that every side and every run of the same
 * workload and costs gets the same arrivals. Other options are returned as they are.
 *
 * @throws {BenchError} When the baseline serves no one.
 */
export async function resolveSaturation(options: BenchOptions): Promise<BenchOptions> {
  const { workload, trace } = options;
  const { requests } = workload;
  if (trace !== undefined || requests.kind !== "synthetic") return options;
  const { arrivals } = requests;
  if (arrivals.kind !== "saturation-share") return options;
  const saturated = prepareBench({ ...options, workload: saturate(workload) });
  const { requestsPerSecond } = await serveSaturated(saturated, saturated.requests);
  if (requestsPerSecond === null) {
    throw optionError(
      `Cannot arrive at ${arrivals.share} of saturation: the baseline serves no request of workload ` +
        `'${workload.name}'`,
    );
  }
  const ratePerSecond = arrivals.share * requestsPerSecond;
  return {
    ...options,
    workload: { ...workload, requests: { ...requests, arrivals: { ...arrivals, ratePerSecond } } },
  };
}

/** Replays requests on the baseline, all of them at once, with a modelled clock. */
export async function serveSaturated(
  { options: { workload, signal }, sides: [side], resolved: { seed }, ceilings, cost }: Bench,
  requests: readonly TraceRequest[],
): Promise<RunPerformance> {
  const ranks = createSideRanks(workload, side, {
    pageOrder: { kind: "shuffled", seed },
    prefixBlockTokens: null,
  });
  const log = await replay({
    requests: requests.map(({ after: _, ...request }) => ({ ...request, arrivalMs: 0 })),
    scheduler: workload.scheduler,
    speculative: workload.speculative,
    ranks,
    clock: openSideClock({ workload, side, ceilings, cost, table: null }),
    seed,
    ...(signal === undefined ? {} : { signal }),
  });
  return measure(log, ranks).performance;
}
