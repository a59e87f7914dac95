/** The `gpu` clock: the kernel's own dispatches of every step, timed by the GPU. */

import type { HeadMap } from "../../allocator/mod.ts";
import type { GroupRows, StepRunner } from "../../kernel/mod.ts";
import { classifyLayers, type LayerClass } from "./layer_classes.ts";
import { createPendingSteps } from "./pending_steps.ts";
import type { RestOfLayer } from "./rest_of_layer.ts";
import { restMs } from "./rest_of_layer.ts";
import type { StepBatch, StepCheck, StepClock, StepTimes } from "./step_clock.ts";

/** Outputs compared in one check of a step. */
const SAMPLES_PER_CHECK = 4;

/** What the `gpu` clock needs. */
export interface GpuClockOptions {
  /** Runner with the caches of one side. */
  readonly runner: StepRunner;
  /** Head map of the measured rank. */
  readonly heads: HeadMap;
  /** Modelled cost of everything but attention. */
  readonly rest: RestOfLayer;
  /**
   * Walks over the cache in a step: 2 for the form `two-pass`, whose merge by columns is left out,
   * in its favour. @default {1}
   */
  readonly passes?: 1 | 2;
}

/**
 * Creates a clock that runs every step's attention on a GPU. Layers with the same number of full
 * heads cost the same: one layer of each such class is timed in every step, its groups taking turns,
 * and counts for all layers of the class. The rest of the layer is modelled.
 *
 * @returns The clock; it owns the runner.
 */
export function createGpuClock(o: GpuClockOptions): StepClock {
  // A second pass is one more walk over each class of layers.
  const once = classifyLayers(o.heads);
  const classes = o.passes === 2 ? [...once, ...once] : once;
  const pending = createPendingSteps();
  /** The oldest steps, by the times of their layers. */
  const take = (layerMs: Float64Array, steps: number): StepTimes => {
    if (layerMs.length !== steps * classes.length) {
      throw new Error(
        `Cannot time ${steps} steps of ${classes.length} classes of layers: the runner returned ` +
          `${layerMs.length} times instead of ${steps * classes.length}`,
      );
    }
    const attentionMs = new Float64Array(steps);
    layerMs.forEach((ms, index) => {
      attentionMs[Math.floor(index / classes.length)] += ms *
        classes[index % classes.length].layers;
    });
    return pending.take(attentionMs);
  };
  return {
    kind: "gpu",
    deterministic: false,
    layersMeasured: o.runner.layersMeasured,
    maxPendingSteps: Math.max(1, Math.floor(o.runner.maxPendingBatches / classes.length)),
    enqueue(batch: StepBatch): void {
      for (const layer of classes) o.runner.enqueue(runnerBatch(batch, layer));
      pending.add(batch, restMs(o.rest, batch));
    },
    async flush(): Promise<StepTimes> {
      const steps = pending.count();
      return take(steps === 0 ? new Float64Array(0) : await o.runner.flush(), steps);
    },
    ...(o.runner.advance === undefined ? {} : {
      advance: (): Promise<StepTimes> | null =>
        o.runner.advance!()?.then((layerMs) => take(layerMs, layerMs.length / classes.length)) ??
          null,
    }),
    async check(batch: StepBatch, { seed }: { seed: number }): Promise<StepCheck> {
      const { ok, worstBudgetUsed, message } = await o.runner.verify(
        runnerBatch(batch, classes[seed % classes.length]),
        { samples: SAMPLES_PER_CHECK, seed },
      );
      return { ok, worstBudgetUsed, message: ok ? "" : `step ${batch.step}: ${message}` };
    },
    mostPendingMs: pending.mostMs,
    close: (): void => o.runner.destroy(),
  };
}

function runnerBatch(batch: StepBatch, { groups }: LayerClass): GroupRows {
  const { table, queryLengths, cachedLengths, step } = batch;
  return { table, group: groups[step % groups.length], queryLengths, cachedLengths };
}
