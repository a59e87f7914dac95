/** Steps of a workload's replay, for a loop of layers on a GPU. */

import { headMapFromPattern } from "../../allocator/mod.ts";
import { synthesizeRequests, type Workload } from "../../fixtures/mod.ts";
import {
  type BatchFile,
  batchModel,
  createModelClock,
  recordBatches,
  restOfLayer,
  spreadBatches,
} from "../clock/mod.ts";
import { replay } from "../replay/mod.ts";
import { SIDES } from "../result/mod.ts";
import { createSideRanks } from "../scheduler/mod.ts";

/** Ceilings of an H100, which decide nothing but the times of arrivals. */
const CEILINGS = {
  memoryBytesPerSecond: 3.35e12,
  flopsPerSecond: 989e12,
  note: "Data sheet of one H100 SXM",
} as const;

/**
 * Replays a workload with full heads on one rank and keeps `steps` decode steps and `steps` with
 * prompts, evenly spread.
 */
export async function collectBatches(
  workload: Workload,
  { steps }: { readonly steps: number },
): Promise<BatchFile> {
  const { model, scheduler, cache } = workload;
  const heads = headMapFromPattern({
    layers: model.layers,
    kvHeads: model.kvHeads,
    pattern: "first",
    ratio: 0,
    windowTokens: 0,
    sinkTokens: 0,
  });
  const whole = { ...workload, headMap: heads, tensorParallel: 1 };
  const { clock, rows } = recordBatches(createModelClock({
    workload: whole,
    heads,
    side: SIDES["uniform"],
    rest: restOfLayer(whole, { ...(workload.ceilings ?? CEILINGS), source: "fixture" }),
  }));
  await replay({
    requests: synthesizeRequests(workload),
    scheduler,
    speculative: null,
    ranks: createSideRanks(whole, SIDES["uniform"], {
      pageOrder: { kind: "identity" },
      prefixBlockTokens: null,
    }),
    clock,
    seed: workload.seed,
  });
  return {
    format: "headwise-batches/1",
    workload: workload.name,
    model: batchModel(model),
    pageSizeTokens: cache.pageSizeTokens,
    steps: spreadBatches(rows, steps),
  };
}
