/** The `model` clock: bytes and operations of every step over machine ceilings. */

import { type HeadMap, shardHeads } from "../../allocator/mod.ts";
import { cacheFormats, type Workload } from "../../fixtures/mod.ts";
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
  // Rows of a step without the idle slots between them.
  const slots = o.workload.scheduler.maxSequences;
  const rows = { queryLengths: new Int32Array(slots), cachedLengths: new Int32Array(slots) };
  const oneHead = (windowTokens: number): WorkOptions & { slots: number } => ({
    ...rows,
    queryHeads: queryHeads / kvHeads,
    kvHeads: 1,
    headSize: model.headSize,
    pageSizeTokens: cache.pageSizeTokens,
    ...cacheFormats(cache),
    layout: o.side.layout,
    headWindows: Int32Array.of(windowTokens),
    sinkTokens: o.heads.sinkTokens,
    slots,
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
      fullHead.slots = windowHead.slots = gatherRows(batch, rows);
      countWork(fullHead, full);
      countWork(windowHead, window);
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
        attentionMs: new Float64Array(attention),
        restMs: new Float64Array(rest),
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

/** Copies the rows that have tokens to the front; returns how many there are. */
function gatherRows(
  { queryLengths, cachedLengths }: StepBatch,
  into: Pick<StepBatch, "queryLengths" | "cachedLengths">,
): number {
  let rows = 0;
  for (let slot = 0; slot < queryLengths.length; slot++) {
    if (queryLengths[slot] === 0) continue;
    into.queryLengths[rows] = queryLengths[slot];
    into.cachedLengths[rows++] = cachedLengths[slot];
  }
  return rows;
}

function layerWork(
  { fullHeads, windowHeads }: LayerClass,
  o: { full: WorkCount; window: WorkCount; uniform: boolean },
): { bytes: number; flops: number } {
  const { full, window } = o;
  // A uniform row serves all heads: it is read as far as the head that sees the most.
  const tableBytes = o.uniform
    ? (fullHeads > 0 ? full.tableBytes : window.tableBytes)
    : fullHeads * full.tableBytes + windowHeads * window.tableBytes;
  const keyValueBytes = fullHeads * full.keyValueBytes + windowHeads * window.keyValueBytes;
  const queryOutputBytes = fullHeads * full.queryOutputBytes +
    windowHeads * window.queryOutputBytes;
  return {
    bytes: keyValueBytes + queryOutputBytes + tableBytes,
    flops: fullHeads * full.flops + windowHeads * window.flops,
  };
}
