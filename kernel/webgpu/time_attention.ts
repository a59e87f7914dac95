/** Times the attention of one batch, after checking it: a wrong kernel has no time. */

import { timePasses } from "./pass_timer.ts";
import { dispatchSize, encodeAttend } from "./attend_stage.ts";
import type { Gpu } from "./gpu.ts";
import { ITEM_ROWS } from "./item_rows.ts";
import {
  createStepState,
  destroyStepState,
  planStep,
  type StepRunnerBatch,
  type StepRunnerOptions,
  type StepState,
  submitStep,
  uploadStep,
} from "./step_runner.ts";
import type { AttendTuning } from "./specialisation.ts";
import { type StepVerification, verifyStep } from "./verify_step.ts";

/** A timed batch. */
export interface AttentionTiming {
  /** Whether sampled rows agree with the oracle; without that there are no samples. */
  readonly verification: StepVerification;
  /** Milliseconds of each run; empty if the check failed. */
  readonly samplesMs: Float64Array;
  /** Keys read, each KV head counted, whole pages. */
  readonly keysRead: number;
  /** Work items, by rows of an item. */
  readonly items: ReadonlyMap<number, number>;
  /** Query rows that were split. */
  readonly splitRows: number;
  /** CPU milliseconds to plan the batch, to upload it, and to record it, median of the runs. */
  readonly host: { readonly planMs: number; readonly uploadMs: number };
}

/** How a batch is timed. */
export interface TimeAttentionOptions {
  /** Sizes, masks, walk, and layers that take turns. */
  readonly runner: StepRunnerOptions;
  /** Timed runs. */
  readonly runs: number;
  /** Rows to check. */
  readonly samples: number;
  /** Other than the default tuning. */
  readonly tuning?: AttendTuning;
}

/**
 * Appends the batch once, checks sampled rows, then times attention and merge alone; layers take
 * turns, so that no run finds the pages of the run before in a cache of the device.
 *
 * @param gpu A GPU with timestamp queries.
 * @param batch The batch.
 * @param o How.
 * @returns The check, and times if it passed.
 */
export async function timeAttention(
  gpu: Gpu,
  batch: StepRunnerBatch,
  o: TimeAttentionOptions,
): Promise<AttentionTiming> {
  const state = await createStepState(gpu, {
    ...o.runner,
    ...(o.tuning === undefined ? {} : { tuning: o.tuning }),
  });
  try {
    submitStep(state, batch, { layer: 0 });
    const sampling = { samples: o.samples, seed: o.runner.seed, layer: 0 };
    const verification = await verifyStep(state, batch, sampling);
    const size = dispatchSize(state.plan);
    let layer = 0;
    const samplesMs = verification.ok
      ? await timePasses(gpu, {
        runs: o.runs,
        encode: (pass) => {
          const { tensors } = state;
          encodeAttend(state.attend, pass, {
            size,
            layer: layer++ % o.runner.layers,
            tensors,
          });
        },
      })
      : new Float64Array(0);
    const items = new Map<number, number>();
    size.items.forEach((count, index) => {
      if (count > 0) items.set(ITEM_ROWS[index], count);
    });
    const host = timeHost(state, batch);
    return {
      verification,
      samplesMs,
      keysRead: state.plan.keysRead,
      items,
      splitRows: size.merges,
      host,
    };
  } finally {
    destroyStepState(state);
  }
}

const HOST_RUNS = 21;

function timeHost(state: StepState, batch: StepRunnerBatch): { planMs: number; uploadMs: number } {
  const planMs: number[] = [];
  const uploadMs: number[] = [];
  for (let run = 0; run < HOST_RUNS; run++) {
    const startMs = performance.now();
    planStep(state, batch);
    const plannedMs = performance.now();
    uploadStep(state, batch);
    planMs.push(plannedMs - startMs);
    uploadMs.push(performance.now() - plannedMs);
  }
  return { planMs: median(planMs), uploadMs: median(uploadMs) };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
