/** The `model` clock: bytes and operations of every step over machine ceilings. */

import { type HeadMap, shardHeads } from "../../allocator/mod.ts";
import type { Workload } from "../../fixtures/mod.ts";
import { countWork, createWorkCount, type WorkCount, type WorkOptions } from "../../kernel/mod.ts";
import { classifyLayers, type LayerClass } from "./layer_classes.ts";
import { checkStepByOracles } from "./oracle_check.ts";
import { restMs, type RestOfLayer } from "./rest_of_layer.ts";
import type { Side } from "../result/mod.ts";
import type { StepBatch, StepCheck, StepClock, StepTimes } from "./step_clock.ts";

/** Steps that the clock keeps before it wants to be read. */
const MAX_PENDING_STEPS = 4096;

/** What the `model` clock needs. */
export interface ModelClockOptions {
  /** Model, cache and ranks. */
  readonly workload: Workload;
  /** Head map of the measured rank. */
  readonly heads: HeadMap;
  /** Layout and walk. */
  readonly side: Side;
  /** Modelled cost of everything but attention, with the ceilings. */
  readonly rest: RestOfLayer;
}

/**
 * Creates a clock that costs max(bytes / memory ceiling, operations / operations ceiling) for the
 * attention of every layer. Work is linear in heads, so a step is counted once for one full and
 * once for one window head, whatever the number of heads and layers.
 */
export function createModelClock(o: ModelClockOptions): StepClock {
  const { model, cache, tensorParallel } = o.workload;
  const { kvHeads, queryHeads } = shardHeads({
    kvHeadsGlobal: model.kvHeads,
    queryHeadsGlobal: model.queryHeads,
    tensorParallel,
    rank: 0,
  });
  const classes = classifyLayers(o.heads);
  const oneHead = (windowTokens: number): Omit<WorkOptions, "queryLengths" | "cachedLengths"> => ({
    queryHeads: queryHeads / kvHeads,
    kvHeads: 1,
    headSize: model.headSize,
    pageSizeTokens: cache.pageSizeTokens,
    layout: o.side.layout,
    headWindows: Int32Array.of(windowTokens),
    sinkTokens: o.heads.sinkTokens,
    slots: o.workload.scheduler.maxSequences,
    walk: o.side.walk,
  });
  const [fullHead, windowHead] = [oneHead(0), oneHead(o.heads.windowTokens)];
  const [full, window] = [createWorkCount(), createWorkCount()];
  const uniform = o.side.layout === "uniform";
  // Both passes read every key of every head; the merge by columns is small beside them.
  const passes = o.side.form === "two-pass" ? 2 : 1;
  let attention: number[] = [];
  let rest: number[] = [];
  return {
    kind: "model",
    deterministic: true,
    layersMeasured: null,
    maxPendingSteps: MAX_PENDING_STEPS,
    enqueue(batch: StepBatch): void {
      const { queryLengths, cachedLengths } = batch;
      countWork({ ...fullHead, queryLengths, cachedLengths }, full);
      countWork({ ...windowHead, queryLengths, cachedLengths }, window);
      let seconds = 0;
      for (const layer of classes) {
        const { bytes, flops } = layerWork(layer, { full, window, uniform });
        seconds += passes * layer.layers *
          Math.max(bytes / o.rest.memoryBytesPerSecond, flops / o.rest.flopsPerSecond);
      }
      attention.push(seconds * 1000);
      rest.push(restMs(o.rest, batch));
    },
    flush(): StepTimes {
      const times = {
        attentionMs: Float64Array.from(attention),
        restMs: Float64Array.from(rest),
      };
      attention = [];
      rest = [];
      return times;
    },
    check: (batch: StepBatch, { seed }: { seed: number }): StepCheck =>
      checkStepByOracles(batch, {
        heads: o.heads,
        pageSizeTokens: cache.pageSizeTokens,
        pagesPerHead: cache.pagesPerHead,
        storage: cache.dtype,
        seed,
      }),
    close(): void {},
  };
}

function layerWork(
  layer: LayerClass,
  o: { full: WorkCount; window: WorkCount; uniform: boolean },
): { bytes: number; flops: number } {
  const { full, window } = o;
  const sum = (key: keyof WorkCount): number =>
    layer.fullHeads * full[key] + layer.windowHeads * window[key];
  // A uniform row serves all heads: it is read as far as the head that sees the most.
  const tableBytes = o.uniform
    ? (layer.fullHeads > 0 ? full.tableBytes : window.tableBytes)
    : sum("tableBytes");
  return {
    bytes: sum("keyValueBytes") + sum("queryOutputBytes") + tableBytes,
    flops: sum("flops"),
  };
}
