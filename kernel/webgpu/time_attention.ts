/** Times the attention of one batch, after checking it: a wrong kernel has no time. */

import { encodeAppend } from "./append_stage.ts";
import { medianTime, timePasses } from "./pass_timer.ts";
import { type DispatchSize, dispatchSize, encodeAttend } from "./attend_stage.ts";
import { fillRandom } from "./fill.ts";
import { createBuffer, type Gpu } from "./gpu.ts";
import { ITEM_ROWS } from "./item_rows.ts";
import {
  createStepState,
  destroyStepState,
  planStep,
  submitStep,
  uploadStep,
} from "./step_runner.ts";
import type { StepRunnerOptions, StepState } from "./step.ts";
import type { GroupRows } from "../step_rows.ts";
import type { AttendTuning } from "./program.ts";
import { type StepVerification, verifyStep } from "./verify_step.ts";
import { answered } from "./wait.ts";

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
  /**
   * CPU milliseconds of a step, medians of the runs: to plan the batch, to upload it, and to record
   * and submit append, attention and merge of `HOST_LAYERS` layers.
   */
  readonly host: HostTiming;
}

/** CPU milliseconds of the parts of a step. */
export interface HostTiming {
  /** Planning. */
  readonly planMs: number;
  /** Writing table, tokens and plan. */
  readonly uploadMs: number;
  /** Recording and submitting `HOST_LAYERS` layers. */
  readonly recordMs: number;
}

/** Layers of the step whose recording is timed: those of ERNIE-4.5-21B-A3B. */
export const HOST_LAYERS = 28;

/** How a batch is timed. */
export interface TimeAttentionOptions {
  /** Sizes, masks, walk, and layers that alternate. */
  readonly runner: StepRunnerOptions;
  /** Timed runs. */
  readonly runs: number;
  /** Rows to check. */
  readonly samples: number;
  /** Other than the default tuning. */
  readonly tuning?: AttendTuning;
}

/**
 * Appends the batch to every layer, checks sampled rows, then times attention and merge alone; layers
 * take turns, so that no run finds the pages of the run before in a cache of the device. The last timed
 * run has other queries and an empty output, and is checked too: work that is skipped, or answers that
 * are kept, once inputs repeat or warm-ups are over, have no time.
 */
export async function timeAttention(
  gpu: Gpu,
  batch: GroupRows,
  o: TimeAttentionOptions,
): Promise<AttentionTiming> {
  const state = await createStepState(gpu, {
    ...o.runner,
    ...(o.tuning === undefined ? {} : { tuning: o.tuning }),
  }, batch);
  try {
    for (let layer = o.runner.layers - 1; layer >= 0; layer--) submitStep(state, batch, { layer });
    const sampling = { samples: o.samples, seed: o.runner.seed, layer: 0 };
    const before = await verifyStep(state, batch, sampling);
    const size = dispatchSize(state.plan);
    const timed = before.ok ? await timeChecked(state, batch, { ...o, size }) : null;
    const verification = timed === null ? before : worseOf(before, timed.verification);
    const samplesMs = timed !== null && verification.ok ? timed.samplesMs : new Float64Array(0);
    const items = new Map<number, number>();
    size.items.forEach((count, index) => {
      if (count > 0) items.set(ITEM_ROWS[index], count);
    });
    const host = await timeHost(state, batch);
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

/** Times the batch, and checks what the last timed run left. */
async function timeChecked(
  state: StepState,
  batch: GroupRows,
  o: TimeAttentionOptions & { readonly size: DispatchSize },
): Promise<{ verification: StepVerification; samplesMs: Float64Array<ArrayBuffer> }> {
  const { gpu, tensors } = state;
  const { layers, shape, seed } = o.runner;
  const other = createBuffer(gpu, {
    label: "queries of the last run",
    sizeBytes: tensors.query.size,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC,
  });
  try {
    await fillRandom(gpu, { buffers: [other], storage: shape.storage, seed: seed + OTHER_QUERIES });
    let encoded = 0;
    const samplesMs = await timePasses(gpu, {
      runs: o.runs,
      encode: (pass) =>
        encodeAttend(state.attend, pass, { size: o.size, layer: encoded++ % layers, tensors }),
      beforeLast: (encoder) => {
        encoder.copyBufferToBuffer(other, 0, tensors.query, 0, tensors.query.size);
        encoder.clearBuffer(tensors.output);
      },
    });
    const last = { samples: o.samples, seed: seed + 1, layer: (encoded - 1) % layers };
    const after = await verifyStep(state, batch, last);
    const message = after.ok ? "" : `in the last timed run, ${after.message}`;
    return { verification: { ...after, message }, samplesMs };
  } finally {
    other.destroy();
  }
}

/** The later check, with the larger of both shares of the bound. */
function worseOf(before: StepVerification, after: StepVerification): StepVerification {
  const worstBudgetUsed = Math.max(before.worstBudgetUsed, after.worstBudgetUsed);
  return { ...after, worstBudgetUsed };
}

/** Seeds of caches and packed rows lie close to each other. */
const OTHER_QUERIES = 0x5eed_0000;

const HOST_RUNS = 11;
/** Steps planned before the first that is timed: a server's planner is long optimised by then. */
const HOST_WARM_UPS = 100;

async function timeHost(state: StepState, batch: GroupRows): Promise<HostTiming> {
  const { gpu, tensors, options } = state;
  const planMs: number[] = [];
  const uploadMs: number[] = [];
  const recordMs: number[] = [];
  for (let run = 0; run < HOST_WARM_UPS; run++) planStep(state, batch);
  for (let run = 0; run < HOST_RUNS; run++) {
    const startMs = performance.now();
    planStep(state, batch);
    const plannedMs = performance.now();
    const tokens = uploadStep(state, batch);
    const uploadedMs = performance.now();
    const encoder = gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    const size = dispatchSize(state.plan);
    for (let index = 0; index < HOST_LAYERS; index++) {
      const layer = index % options.layers;
      encodeAppend(state.append, pass, { tokens, layer, tensors });
      encodeAttend(state.attend, pass, { size, layer, tensors });
    }
    pass.end();
    gpu.device.queue.submit([encoder.finish()]);
    const submittedMs = performance.now();
    planMs.push(plannedMs - startMs);
    uploadMs.push(uploadedMs - plannedMs);
    recordMs.push(submittedMs - uploadedMs);
    // A software adapter works on the same cores.
    await answered(gpu, gpu.device.queue.onSubmittedWorkDone(), "running a step of all layers");
    if (gpu.isSoftware && run > 1) break;
  }
  return {
    planMs: medianTime(planMs),
    uploadMs: medianTime(uploadMs),
    recordMs: medianTime(recordMs),
  };
}
