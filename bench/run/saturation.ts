/** Arrivals at a share of saturation: what the baseline serves when everybody waits at once. */

import { shardHeadMap } from "../../allocator/mod.ts";
import { saturate, synthesizeRequests, type Workload } from "../../fixtures/mod.ts";
import { createModelClock, restOfLayer } from "../clock/mod.ts";
import { measure, replay } from "../replay/mod.ts";
import { BenchError, sidesOfGates } from "../result/mod.ts";
import { createSideRanks, findMeasuredRank } from "../scheduler/mod.ts";
import type { BenchOptions } from "./options.ts";
import { chooseCeilings } from "./prepare.ts";

/**
 * Gives arrivals that are a share of saturation their rate. The baseline, the first side of the
 * gates, is replayed saturated with the `model` clock, so that every side and every run of the same
 * workload and ceilings gets the same arrivals. Other options are returned as they are.
 *
 * @throws {BenchError} When the baseline serves no request.
 */
export async function resolveSaturation(options: BenchOptions): Promise<BenchOptions> {
  const { workload, trace } = options;
  const { requests } = workload;
  if (trace !== undefined || requests.kind !== "synthetic") return options;
  const { arrivals } = requests;
  if (arrivals.kind !== "saturation-share") return options;
  const servedPerSecond = await serve(saturate(workload), options);
  if (servedPerSecond === null) {
    throw new BenchError(
      "bench/option",
      `Cannot arrive at ${arrivals.share} of saturation: the baseline serves no request of workload ` +
        `'${workload.name}'`,
    );
  }
  const ratePerSecond = arrivals.share * servedPerSecond;
  return {
    ...options,
    workload: { ...workload, requests: { ...requests, arrivals: { ...arrivals, ratePerSecond } } },
  };
}

async function serve(workload: Workload, options: BenchOptions): Promise<number | null> {
  const { headMap, tensorParallel, scheduler, speculative } = workload;
  const [side] = sidesOfGates(options.gates ?? ["gate/read"]);
  const seed = options.seed ?? workload.seed;
  const ranks = createSideRanks(workload, side, {
    pageOrder: { kind: "shuffled", seed },
    prefixBlockTokens: null,
  });
  const rank = findMeasuredRank(headMap, tensorParallel);
  const heads = shardHeadMap(headMap, { tensorParallel, rank });
  const rest = restOfLayer(workload, chooseCeilings(options));
  const log = await replay({
    requests: synthesizeRequests(workload),
    scheduler,
    speculative,
    ranks,
    clock: createModelClock({ workload, heads, side, rest }),
    seed,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return measure(log, ranks).performance.requestsPerSecond;
}
