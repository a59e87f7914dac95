/** Steps of a workload's replay, for a loop of layers on a GPU. */

import { headMapFromPattern } from "../../allocator/mod.ts";
import { synthesizeRequests, type Workload } from "../../fixtures/mod.ts";
import { type BatchFile, batchModel, recordBatches, spreadBatches } from "../clock/mod.ts";
import { replay } from "../replay/mod.ts";
import { SIDES } from "../result/mod.ts";
import { createSideRanks } from "../scheduler/mod.ts";
import { chooseCeilings } from "./prepare.ts";
import { openSideClock } from "./side_clock.ts";

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
  const side = SIDES["uniform"];
  // Ceilings decide nothing but the times of arrivals.
  const costs = { ceilings: chooseCeilings({ workload }), cost: null, table: null };
  const { clock, rows } = recordBatches(openSideClock({ workload: whole, side, ...costs }));
  await replay({
    requests: synthesizeRequests(workload),
    scheduler,
    speculative: null,
    ranks: createSideRanks(whole, side, {
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
