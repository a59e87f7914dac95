/** What a GPU step runner has to be opened with to time one side of a workload. */

import { type HeadMap, headWindows, layersPerGroup, toLayerGroup } from "../../allocator/mod.ts";
import { cacheFormats, localHeads, type Workload } from "../../fixtures/mod.ts";
import type { TimedCache } from "../../kernel/mod.ts";
import type { Side } from "../result/mod.ts";
import { measuredHeads } from "./side_clock.ts";

/** Sizes and masks of the attention of one side, of the measured rank. */
export interface RunnerSettings extends
  Pick<
    TimedCache,
    "shape" | "sinkTokens" | "scoreScale" | "learnedSinks" | "maxBatchTokens"
  > {
  /** [H] W of each KV head, 0 for full heads, for every layer group. */
  readonly headWindows: readonly Int32Array[];
  /** Head map of the measured rank. */
  readonly heads: HeadMap;
  /** Layers of one group: more cannot be rotated. */
  readonly layersPerGroup: number;
  /** How rows are walked. */
  readonly walk: "row" | "visible";
  /** Longest request, in tokens. */
  readonly modelLengthTokens: number;
}

/**
 * Works out the settings of one side's runner. Caches have the size of the workload's pools, so
 * that pages lie as far apart as they would.
 */
export function runnerSettings(workload: Workload, side: Side): RunnerSettings {
  const { model, cache, scheduler } = workload;
  const { heads } = measuredHeads(workload);
  const { kvHeads, queryHeads } = localHeads(model, workload.tensorParallel);
  const groups = heads.groups.length;
  return {
    shape: {
      batch: scheduler.maxSequences,
      queryHeads,
      kvHeads,
      headSize: model.headSize,
      pageSizeTokens: cache.pageSizeTokens,
      pages: cache.pagesPerHead,
      poolPages: cache.pagesPerHead * kvHeads * groups,
      columns: Math.ceil(scheduler.modelLengthTokens / cache.pageSizeTokens),
      layout: side.layout,
      storage: cache.dtype,
      ...cacheFormats(cache),
    },
    headWindows: heads.groups.map((_, group) =>
      headWindows(heads, toLayerGroup(group, { limit: groups }))
    ),
    heads,
    sinkTokens: heads.sinkTokens,
    layersPerGroup: layersPerGroup(heads),
    walk: side.walk,
    maxBatchTokens: scheduler.maxBatchedTokens,
    modelLengthTokens: scheduler.modelLengthTokens,
    scoreScale: model.scoreScale,
    learnedSinks: model.learnedSinks,
  };
}
