/**
 * Runs the attention of serving steps on the GPU and times each step by timestamp queries.
 *
 * Each enqueued step appends the step's keys and values, attends, and merges, in one pass over one
 * layer's cache. Layers alternate, so that a step does not find the previous step's pages in a
 * cache of the device. Many steps are in flight before one read: a read costs more than a step.
 */

import { ADDRESS_REACH_BYTES, createAddressOrder, orderByAddress } from "./address_order.ts";
import { planningOf } from "./attend_planning.ts";
import { createRandom } from "../../allocator/mod.ts";
import {
  createAppendStage,
  destroyAppendStage,
  encodeAppend,
  uploadAppend,
} from "./append_stage.ts";
import {
  createAttendStage,
  destroyAttendStage,
  dispatchSize,
  encodeAttend,
  uploadAttend,
} from "./attend_stage.ts";
import {
  createDeviceCache,
  destroyDeviceCache,
  type DeviceCache,
  shapePageIds,
} from "./device_cache.ts";
import { fillCodes } from "./fill_codes.ts";
import { staticScales } from "./static_scales.ts";
import { fillRandom } from "./fill.ts";
import { createTensor } from "./buffers.ts";
import { type Gpu, GpuError } from "./gpu.ts";
import { itemRowsOfSlots, itemRowsUpTo, type RowSizes } from "./item_rows.ts";
import {
  createPassTimer,
  destroyPassTimer,
  type PassTimer,
  readPassTimes,
  timestampWrites,
} from "./pass_timer.ts";
import { createWorkPlan, planBatch } from "./plan.ts";
import { withTunedMatrices } from "./matrix_mapping.ts";
import { packExtras } from "./problem_run.ts";
import { rowSizesOf, shortItemRowsOf } from "./row_sizes.ts";
import type { StepRunnerOptions, StepState } from "./step.ts";
import type { GroupRows } from "../step_rows.ts";
import { type StepVerification, verifyStep } from "./verify_step.ts";
import { createWarmer, type Warmer } from "./warmer.ts";

/** Steps that may be in flight before a read; each holds a copy of its tables. */
const MAX_PENDING_STEPS = 256;

/** A runner. */
export interface StepRunner {
  /** Layers that alternate. */
  readonly layersMeasured: number;
  /** Steps that may be enqueued before a flush. */
  readonly maxPendingBatches: number;
  /** Adds a step to the queue. */
  enqueue(batch: GroupRows): void;
  /** Milliseconds of each step enqueued since the last flush, oldest first. */
  flush(): Promise<Float64Array>;
  /**
   * Sends steps on their way where enough are enqueued, and gives the milliseconds of earlier ones, if any;
   * null where nothing is due. Absent where steps are on their way as soon as they are enqueued.
   */
  advance?(): Promise<Float64Array> | null;
  /** Runs a step and compares sampled rows with the oracle. */
  verify(batch: GroupRows, o: { samples: number; seed: number }): Promise<StepVerification>;
  /** Gives the caches back. */
  destroy(): void;
}

/**
 * Makes caches filled with seeded values, and compiles every program that a step may need.
 *
 * @returns The runner; the caller destroys it.
 * @throws {GpuError} `limit` if the adapter cannot time passes or hold the caches.
 */
export async function createStepRunner(gpu: Gpu, o: StepRunnerOptions): Promise<StepRunner> {
  if (!gpu.hasTimestamps) {
    throw new GpuError(
      "limit",
      "Cannot time steps: the adapter has no timestamp queries; use the model clock",
    );
  }
  const state = await createStepState(gpu, o);
  const timer = createPassTimer(gpu, MAX_PENDING_STEPS);
  const warmer = await createWarmer(gpu);
  return runnerOf(state, timer, warmer);
}

function runnerOf(state: StepState, timer: PassTimer, warmer: Warmer): StepRunner {
  const { gpu, options } = state;
  let pending = 0;
  let turn = 0;
  return {
    layersMeasured: options.layers,
    maxPendingBatches: timer.capacity,
    enqueue(batch) {
      if (pending === timer.capacity) {
        throw new RangeError(`Cannot enqueue more than ${timer.capacity} steps: flush first`);
      }
      warmer.beforeStep();
      const layer = turn++ % options.layers;
      submitStep(state, batch, { layer, timestamps: timestampWrites(timer, pending++) });
    },
    async flush() {
      if (pending === 0) return new Float64Array(0);
      const count = pending;
      pending = 0;
      const times = await readPassTimes(gpu, timer, count);
      warmer.afterRead();
      return times;
    },
    verify(batch, sampling) {
      submitStep(state, batch, { layer: 0 });
      return verifyStep(state, batch, { ...sampling, layer: 0 });
    },
    destroy() {
      destroyPassTimer(timer);
      warmer.destroy();
      destroyStepState(state);
    },
  };
}

/**
 * Makes everything that steps need.
 *
 * @param only The one step that there will be: programs of no other are compiled.
 */
export async function createStepState(
  opened: Gpu,
  o: StepRunnerOptions,
  only?: Pick<GroupRows, "queryLengths">,
): Promise<StepState> {
  const gpu = withTunedMatrices(opened, o.tuning);
  const { shape } = o;
  const group = shape.queryHeads / shape.kvHeads;
  const cache = createDeviceCache(gpu, {
    shape: { ...shape, pageIds: shapePageIds(shape) },
    layers: o.layers,
  });
  const rowBytes = shape.headSize * 2;
  const queryBytes = o.maxBatchTokens * shape.queryHeads * rowBytes;
  const rows = shape.layout === "uniform" ? 1 : o.layerGroups * shape.kvHeads;
  const tensors = {
    packed: createTensor(
      gpu,
      "packed",
      queryBytes + o.maxBatchTokens * 2 * shape.kvHeads * rowBytes,
    ),
    query: createTensor(gpu, "query", queryBytes),
    table: createTensor(gpu, "block table", rows * shape.batch * shape.columns * 4),
    output: createTensor(gpu, "output", queryBytes),
  };
  const c16 = cache.layers.flatMap(({ keys, values }) => [
    ...(shape.keyFormat === undefined ? keys : []),
    ...(shape.valueFormat === undefined ? values : []),
  ]);
  const buffers = [tensors.packed, ...c16];
  await fillRandom(gpu, { buffers, storage: shape.storage, seed: o.seed });
  const shared = fillCodes(gpu, { cache, shape, seed: o.seed });
  const random = createRandom(o.seed);
  const sinkLogits = o.learnedSinks
    ? Float32Array.from({ length: shape.queryHeads }, () => random.nextNormal())
    : null;
  const sizesOf = (sizes: RowSizes): number[] =>
    only === undefined
      ? itemRowsUpTo({ group, ...sizes, maxTokens: o.maxBatchTokens })
      : itemRowsOfSlots(only.queryLengths, { group, ...sizes });
  const tuned = { target: gpu.target, tuning: o.tuning };
  const attend = await createAttendStage(gpu, {
    specialisation: {
      ...shape,
      bindings: cache.bindings,
      maskRanges: false,
      treeMask: false,
      learnedSinks: o.learnedSinks,
      logSumExp: false,
    },
    cache,
    itemRows: sizesOf(rowSizesOf(shape, tuned)),
    shortItemRows: shortItemRowsOf(shape, { ...tuned, sizesOf }),
    ...(o.tuning === undefined ? {} : { tuning: o.tuning }),
  });
  const append = await createAppendStage(gpu, {
    specialisation: {
      ...shape,
      bindings: cache.bindings,
      rotaryStyle: o.rotary.style,
      rotaryDimensions: o.rotary.rotaryDimensions,
    },
    cache,
    rotary: o.rotary,
    positions: o.modelLengthTokens,
    statics: staticScales({ shape, ...shared }),
  });
  const extras = packExtras({ shape, ...shared, ...(sinkLogits === null ? {} : { sinkLogits }) });
  return {
    gpu,
    options: o,
    cache,
    append,
    attend,
    tensors,
    shared,
    sinkLogits,
    extras,
    plan: createWorkPlan(),
    order: o.ordersPages ?? layerBytes(cache) > ADDRESS_REACH_BYTES ? createAddressOrder() : null,
  };
}

function layerBytes({ layers }: DeviceCache): number {
  const { keys, values } = layers[0];
  return [...keys, ...values].reduce((sum, { size }) => sum + size, 0);
}

/** Frees what `createStepState` made. */
export function destroyStepState(state: StepState): void {
  destroyAppendStage(state.append);
  destroyAttendStage(state.attend);
  destroyDeviceCache(state.cache);
  for (const buffer of Object.values(state.tensors)) buffer.destroy();
}

/** Plans a step's attention. */
export function planStep(state: StepState, batch: GroupRows): void {
  const { options, cache } = state;
  const { shape } = options;
  planBatch(state.plan, {
    ...batch,
    headWindows: options.headWindows[batch.group],
    sinkTokens: options.sinkTokens,
  }, {
    group: shape.queryHeads / shape.kvHeads,
    pageSizeTokens: shape.pageSizeTokens,
    pageRows: cache.pageRows,
    headRows: cache.headRows,
    walk: options.walk,
    ...planningOf(state.attend),
  });
}

/** Uploads tables, tokens and the plan; gives the step's tokens. */
export function uploadStep(state: StepState, batch: GroupRows): number {
  const { options } = state;
  uploadTables(state, batch);
  const tokens = uploadAppend(state.append, batch);
  if (tokens > options.maxBatchTokens) {
    throw new RangeError(
      `Cannot run a step of ${tokens} tokens: the runner was made for ${options.maxBatchTokens}`,
    );
  }
  uploadAttend(state.attend, state.plan, {
    table: batch.table,
    group: batch.group,
    queryTokens: tokens,
    sinkTokens: options.sinkTokens,
    scale: options.scoreScale ?? 1 / Math.sqrt(options.shape.headSize),
    walk: options.walk,
    extras: state.extras,
  });
  return tokens;
}

/** Runs a step over one layer. */
export function submitStep(
  state: StepState,
  batch: GroupRows,
  o: { layer: number; timestamps?: GPUComputePassTimestampWrites },
): void {
  const { gpu, tensors } = state;
  planStep(state, batch);
  const tokens = uploadStep(state, batch);
  const encoder = gpu.device.createCommandEncoder();
  const pass = encoder.beginComputePass(
    o.timestamps === undefined ? {} : { timestampWrites: o.timestamps },
  );
  const size = dispatchSize(state.plan);
  encodeAppend(state.append, pass, { tokens, layer: o.layer, tensors });
  encodeAttend(state.attend, pass, { size, layer: o.layer, tensors });
  pass.end();
  gpu.device.queue.submit([encoder.finish()]);
}

/** Uploads the rows that the step reads: those of the slots up to the last busy one. */
function uploadTables(state: StepState, batch: GroupRows): void {
  const { table, group, queryLengths } = batch;
  let busy = queryLengths.length;
  while (busy > 0 && queryLengths[busy - 1] === 0) busy--;
  if (busy === 0) return;
  const rowsOfSlot = table.layout === "uniform" ? 1 : table.kvHeads;
  const first = table.layout === "uniform" ? 0 : group * table.slots * rowsOfSlot * table.columns;
  const count = busy * rowsOfSlot * table.columns;
  const bytes = (first + count) * 4;
  if (bytes > state.tensors.table.size) {
    throw new RangeError(
      `Cannot upload a table of ${table.ids.length} entries: the runner was made for ` +
        `${state.tensors.table.size / 4}; give "shape" the table's slots and columns`,
    );
  }
  const { headWindows, shape } = state.options;
  const ids = state.order === null
    ? table.ids as Int32Array<ArrayBuffer>
    : orderByAddress(state.order, batch, {
      headWindows: headWindows[group],
      pageSizeTokens: shape.pageSizeTokens,
    });
  state.gpu.device.queue.writeBuffer(state.tensors.table, first * 4, ids, first, count);
}
