/** What clocks share that compute the time of a step and measure nothing. */

import type { HeadMap } from "../../allocator/mod.ts";
import { cacheFormats, localHeads, type Workload } from "../../fixtures/mod.ts";
import type { WorkOptions } from "../../kernel/mod.ts";
import type { Side } from "../result/mod.ts";
import { checkStepByOracles } from "./oracle_check.ts";
import type { StepBatch, StepClock } from "./step_clock.ts";

/** Steps that such a clock keeps before it wants to be read. */
const MAX_PENDING_STEPS = 4096;

/** What such a clock needs. */
export interface ComputedClockOptions {
  /** Model, cache and ranks. */
  readonly workload: Workload;
  /** Head map of the measured rank. */
  readonly heads: HeadMap;
  /** Layout and walk. */
  readonly side: Side;
}

/** The work of one head, but for the rows of a step. */
export type HeadWork = Omit<WorkOptions, "queryLengths" | "cachedLengths">;

/**
 * Creates a clock from what the attention and the rest of a step take. Both are computed when the
 * step is enqueued; its outputs are checked by two oracles against each other.
 */
export function createComputedClock(
  o: Omit<ComputedClockOptions, "side">,
  kind: "model" | "table",
  times: {
    readonly attentionMs: (batch: StepBatch) => number;
    readonly restMs: (batch: StepBatch) => number;
  },
): StepClock {
  const { pageSizeTokens, pagesPerHead, dtype } = o.workload.cache;
  const check = { heads: o.heads, pageSizeTokens, pagesPerHead, storage: dtype };
  let attentionMs: number[] = [];
  let restMs: number[] = [];
  return {
    kind,
    deterministic: true,
    layersMeasured: null,
    maxPendingSteps: MAX_PENDING_STEPS,
    enqueue(batch): void {
      attentionMs.push(times.attentionMs(batch));
      restMs.push(times.restMs(batch));
    },
    flush() {
      // Most flushes are of a single step: nothing is copied.
      const flushed = { attentionMs, restMs };
      [attentionMs, restMs] = [[], []];
      return flushed;
    },
    check: (batch, { seed }) => checkStepByOracles(batch, { ...check, seed }),
    close(): void {},
  };
}

/** The work of one full and of one window head, with the query heads that share it. */
export function workOfHeads(
  { workload, heads, side }: ComputedClockOptions,
): { readonly full: HeadWork; readonly window: HeadWork } {
  const { model, cache, scheduler } = workload;
  const { kvHeads, queryHeads } = localHeads(model, workload.tensorParallel);
  const workOf = (windowTokens: number): HeadWork => ({
    queryHeads: queryHeads / kvHeads,
    kvHeads: 1,
    headSize: model.headSize,
    pageSizeTokens: cache.pageSizeTokens,
    ...cacheFormats(cache),
    layout: side.layout,
    headWindows: Int32Array.of(windowTokens),
    sinkTokens: heads.sinkTokens,
    slots: scheduler.maxSequences,
    walk: side.walk,
  });
  return { full: workOf(0), window: workOf(heads.windowTokens) };
}
