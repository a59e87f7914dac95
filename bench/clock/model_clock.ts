/** The `model` clock: bytes and operations of every step over machine ceilings. */

import { countWork, createWorkCount, type WorkCount } from "../../kernel/mod.ts";
import { type ComputedClockOptions, createComputedClock, workOfHeads } from "./computed_clock.ts";
import { classifyLayers, type LayerClass } from "./layer_classes.ts";
import { restMs, type RestOfLayer } from "./rest_of_layer.ts";
import type { StepBatch, StepClock } from "./step_clock.ts";

/** What the `model` clock needs. */
export interface ModelClockOptions extends ComputedClockOptions {
  /** Modelled cost of everything but attention, with the ceilings. */
  readonly rest: RestOfLayer;
}

/**
 * Creates a clock that costs max(bytes / memory ceiling, operations / operations ceiling) for the
 * attention of every layer. Work is linear in heads, so a step is counted once for one full and
 * once for one window head, whatever the number of heads and layers.
 */
export function createModelClock(o: ModelClockOptions): StepClock {
  const classes = classifyLayers(o.heads);
  // Rows of a step without the idle slots between them.
  const slots = o.workload.scheduler.maxSequences;
  const rows = { queryLengths: new Int32Array(slots), cachedLengths: new Int32Array(slots) };
  const work = workOfHeads(o);
  const [fullHead, windowHead] = [{ ...work.full, ...rows }, { ...work.window, ...rows }];
  const [full, window] = [createWorkCount(), createWorkCount()];
  const uniform = o.side.layout === "uniform";
  // Both passes read every key of every head; the merge by columns is small beside them.
  const passes = o.side.form === "two-pass" ? 2 : 1;
  return createComputedClock(o, "model", {
    attentionMs(batch) {
      fullHead.slots = windowHead.slots = gatherRows(batch, rows);
      countWork(fullHead, full);
      countWork(windowHead, window);
      let seconds = 0;
      for (const layer of classes) {
        const { bytes, flops } = layerWork(layer, { full, window, uniform });
        seconds += passes * layer.layers *
          Math.max(bytes / o.rest.memoryBytesPerSecond, flops / o.rest.flopsPerSecond);
      }
      return seconds * 1000;
    },
    restMs: (batch) => restMs(o.rest, batch),
  });
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

/** Bytes and operations of a layer: those of a full and of a window head, by how many it has. */
function layerWork(
  { fullHeads, windowHeads }: LayerClass,
  { full, window, uniform }: { full: WorkCount; window: WorkCount; uniform: boolean },
): { bytes: number; flops: number } {
  const sum = (key: "tableBytes" | "keyValueBytes" | "queryOutputBytes" | "flops"): number =>
    fullHeads * full[key] + windowHeads * window[key];
  // A uniform row serves all heads: it is read as far as the head that sees the most.
  const tableBytes = uniform
    ? (fullHeads > 0 ? full.tableBytes : window.tableBytes)
    : sum("tableBytes");
  return {
    bytes: sum("keyValueBytes") + sum("queryOutputBytes") + tableBytes,
    flops: sum("flops"),
  };
}
