/**
 * The attention stage of a step: plan uploaded, bind groups kept, dispatches recorded.
 *
 * Buffers grow and never shrink; bind groups are remade only when a buffer was. A step in the
 * steady state writes buffers and records dispatches, nothing else.
 */

import type { BlockTable } from "../../allocator/mod.ts";
import { withoutCounters } from "./attend_planning.ts";
import { scaleBindings } from "./cache_sides.ts";
import type { DeviceCache } from "./device_cache.ts";
import { compileProgram, createBuffer, type Gpu, GpuError } from "./gpu.ts";
import {
  createBindGroup,
  createGrowing,
  createLayout,
  dispatchWide,
  type GrowingBuffer,
  growTo,
  writeWords,
} from "./buffers.ts";
import { ITEM_ROWS } from "./item_rows.ts";
import type { WorkPlan } from "./plan.ts";
import { ITEM, MERGE, PARAMS } from "./struct_layout.ts";
import type { AttendSpecialisation, AttendTuning } from "./program.ts";
import { shortTuningOf } from "./row_sizes.ts";
import { attendProgram, countsSplits, defaultTuning, mergeProgram } from "./specialisation.ts";

/** Uniform offsets are aligned to this on every adapter. */
const PARAMS_STRIDE_BYTES = 256;
const PARAMS_BYTES = 64;
/** Storage buffers of an attention program beside the cache and the counters. */
const OWN_BUFFERS = 6;
const STORAGE_IN = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;

/** What a stage is made for. */
export interface AttendStageOptions {
  /** Program constants, except the rows of an item. */
  readonly specialisation: Omit<AttendSpecialisation, "rows">;
  /** The cache it reads. */
  readonly cache: DeviceCache;
  /** Rows of an item that batches will have; their programs are compiled now. */
  readonly itemRows: readonly number[];
  /** The same of steps of few keys. */
  readonly shortItemRows: readonly number[];
  /** Other than the default tuning. */
  readonly tuning?: AttendTuning;
}

/** Buffers that the caller owns. */
export interface AttendTensors {
  /** [T, Hq, D], read. */
  readonly query: GPUBuffer;
  /** Block tables, all groups, read. */
  readonly table: GPUBuffer;
  /** [T, Hq, D], written. */
  readonly output: GPUBuffer;
}

/** The stage's state. */
export interface AttendStage {
  /** The device. */
  readonly gpu: Gpu;
  /** What it was made for. */
  readonly options: AttendStageOptions;
  /** Compiled programs by rows of an item. */
  readonly pipelines: ReadonlyMap<number, GPUComputePipeline>;
  /** Those of them that have more subgroups for steps of few keys. */
  readonly shortPipelines: ReadonlyMap<number, GPUComputePipeline>;
  /** The merge program. */
  readonly mergePipeline: GPUComputePipeline;
  /** Layouts of attention and merge. */
  readonly layouts: { readonly attend: GPUBindGroupLayout; readonly merge: GPUBindGroupLayout };
  /** Params, one aligned slot for each item size after slot 0, the merge's. */
  readonly params: GPUBuffer;
  /** Host copy of the params. */
  readonly paramsWords: Uint32Array<ArrayBuffer>;
  /** Same bytes as floats. */
  readonly paramsFloats: Float32Array<ArrayBuffer>;
  /** Work list. */
  readonly items: GrowingBuffer;
  readonly merges: GrowingBuffer;
  /** Split outputs, states and log-sum-exps. */
  readonly partials: GrowingBuffer;
  /** Mask ranges, tree bits, learned sinks. */
  readonly extras: GrowingBuffer;
  /** Finished splits of each tile that its last workgroup joins; zero between steps. Null where none is. */
  readonly counters: GrowingBuffer | null;
  /** Bind groups by layer and item size, for the present buffers. */
  readonly bindGroups: Map<number, GPUBindGroup>;
  /** Tensors that the bind groups name. */
  bound: AttendTensors | null;
  /** Where the log-sum-exps begin in `partials`, in floats. */
  logSumExpBase: number;
}

/**
 * Compiles the programs and makes the buffers.
 *
 * @throws {GpuError} `limit` if the cache needs more bindings than the adapter has, `compile` if a
 * program is refused.
 */
export async function createAttendStage(
  opened: Gpu,
  options: AttendStageOptions,
): Promise<AttendStage> {
  const available = opened.device.limits.maxStorageBuffersPerShaderStage;
  const cacheBuffers = 2 * options.cache.bindings + scaleBindings(options.specialisation);
  if (OWN_BUFFERS + cacheBuffers > available) {
    throw new GpuError(
      "limit",
      `Cannot bind a cache split over ${cacheBuffers} buffers: the adapter allows ${available} ` +
        `storage buffers and ${OWN_BUFFERS} are taken; use fewer pages`,
    );
  }
  // Where no binding is left for counters, splits are joined by a dispatch of their own.
  const gpu = OWN_BUFFERS + cacheBuffers < available ? opened : withoutCounters(opened);
  const isCounting = countsSplits(gpu.target);
  const cacheEntries = Array.from({ length: cacheBuffers }, () => "read-only-storage" as const);
  const attendLayout = createLayout(gpu, [
    "uniform",
    "read-only-storage",
    "read-only-storage",
    "read-only-storage",
    "read-only-storage",
    "storage",
    "storage",
    ...cacheEntries,
    ...(isCounting ? ["storage" as const] : []),
  ]);
  const mergeLayout = createLayout(gpu, [
    "uniform",
    "read-only-storage",
    "read-only-storage",
    "storage",
    "storage",
  ]);
  const compileAll = async (
    sizes: readonly number[],
    tuning: AttendTuning,
  ): Promise<Map<number, GPUComputePipeline>> => {
    const compiled = new Map<number, GPUComputePipeline>();
    for (const rows of sizes) {
      const program = attendProgram({ ...options.specialisation, rows }, {
        target: gpu.target,
        tuning,
      });
      compiled.set(rows, await compileProgram(gpu, program, attendLayout));
    }
    return compiled;
  };
  const tuning = options.tuning ?? defaultTuning(gpu.target, options.specialisation);
  const pipelines = await compileAll(options.itemRows, tuning);
  const shortPipelines = tuning.short === undefined
    ? new Map<number, never>()
    : await compileAll(options.shortItemRows, shortTuningOf(tuning));
  const mergePipeline = await compileProgram(
    gpu,
    mergeProgram(options.specialisation),
    mergeLayout,
  );
  const paramsBytes = (ITEM_ROWS.length + 1) * PARAMS_STRIDE_BYTES;
  const paramsWords = new Uint32Array(paramsBytes / 4);
  return {
    gpu,
    options,
    pipelines,
    shortPipelines,
    mergePipeline,
    layouts: { attend: attendLayout, merge: mergeLayout },
    params: createBuffer(gpu, {
      label: "params",
      sizeBytes: paramsBytes,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    }),
    paramsWords,
    paramsFloats: new Float32Array(paramsWords.buffer),
    items: createGrowing(gpu, "items", STORAGE_IN),
    merges: createGrowing(gpu, "merges", STORAGE_IN),
    partials: createGrowing(gpu, "partials", GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC),
    extras: createGrowing(gpu, "extras", STORAGE_IN),
    counters: isCounting ? createGrowing(gpu, "counters", GPUBufferUsage.STORAGE) : null,
    bindGroups: new Map(),
    bound: null,
    logSumExpBase: 0,
  };
}

/** What changes from step to step besides the plan. */
export interface AttendStep {
  /** The table's shape and the group that is walked. */
  readonly table: BlockTable;
  /** Layer group. */
  readonly group: number;
  /** T. */
  readonly queryTokens: number;
  /** S. */
  readonly sinkTokens: number;
  /** Factor of the scores. */
  readonly scale: number;
  /** What the plan reads; `row` reads keys even if the masks hide them. */
  readonly walk: "row" | "visible";
  /** Mask ranges, tree bits and learned sinks, as `packExtras` lays them out. */
  readonly extras?: PackedExtras;
}

/** Optional inputs in one buffer. */
export interface PackedExtras {
  readonly words: Uint32Array<ArrayBuffer>;
  /** Where the tree bits begin. */
  readonly treeBase: number;
  /** Q. */
  readonly treeTokens: number;
  /** Where the learned sinks begin. */
  readonly learnedSinkBase: number;
  /** Where scales and zero points that tokens share begin. */
  readonly scaleBase: number;
}

/** Uploads a plan and the step's scalars. Buffer writes only. */
export function uploadAttend(stage: AttendStage, plan: WorkPlan, step: AttendStep): void {
  const { gpu, options } = stage;
  const { headSize, queryHeads, logSumExp } = options.specialisation;
  const partialFloats = plan.partialRows * headSize;
  stage.logSumExpBase = partialFloats + plan.partialRows * 2;
  const logSumExps = logSumExp ? step.queryTokens * queryHeads : 0;
  grow(stage, stage.partials, (stage.logSumExpBase + logSumExps) * 4);
  if (step.extras !== undefined) {
    grow(stage, stage.extras, step.extras.words.byteLength);
    gpu.device.queue.writeBuffer(stage.extras.buffer, 0, step.extras.words);
  }
  const itemWords = plan.items.reduce((sum, list) => sum + list.length, 0);
  grow(stage, stage.items, itemWords * 4);
  let itemBase = 0;
  for (let size = 0; size < ITEM_ROWS.length; size++) {
    const list = plan.items[size];
    const count = list.length / ITEM.words;
    writeParams(size + 1, itemBase, count);
    if (count === 0) continue;
    writeWords(gpu, stage.items.buffer, list, itemBase * ITEM.words * 4);
    itemBase += count;
  }
  if (stage.counters !== null) grow(stage, stage.counters, plan.counters * 4);
  grow(stage, stage.merges, plan.merges.length * 4);
  writeParams(0, 0, plan.merges.length / MERGE.words);
  if (plan.merges.length > 0) writeWords(gpu, stage.merges.buffer, plan.merges, 0);
  gpu.device.queue.writeBuffer(stage.params, 0, stage.paramsWords);

  function writeParams(slot: number, base: number, count: number): void {
    const at = slot * PARAMS_STRIDE_BYTES / 4;
    const { table } = step;
    const rows = table.layout === "uniform" ? 0 : table.slots * table.kvHeads;
    stage.paramsFloats[at + PARAMS.at.scaleLog2] = step.scale * Math.LOG2E;
    stage.paramsWords[at + PARAMS.at.columns] = table.columns;
    stage.paramsWords[at + PARAMS.at.sinkTokens] = step.sinkTokens;
    stage.paramsWords[at + PARAMS.at.tableBase] = step.group * rows * table.columns;
    stage.paramsWords[at + PARAMS.at.queryHeads] = queryHeads;
    stage.paramsWords[at + PARAMS.at.bindingRows] = options.cache.rowsPerBinding;
    stage.paramsWords[at + PARAMS.at.partialStateBase] = partialFloats;
    stage.paramsWords[at + PARAMS.at.logSumExpBase] = stage.logSumExpBase;
    stage.paramsWords[at + PARAMS.at.treeBase] = step.extras?.treeBase ?? 0;
    stage.paramsWords[at + PARAMS.at.treeTokens] = step.extras?.treeTokens ?? 0;
    stage.paramsWords[at + PARAMS.at.learnedSinkBase] = step.extras?.learnedSinkBase ?? 0;
    stage.paramsWords[at + PARAMS.at.itemBase] = base;
    stage.paramsWords[at + PARAMS.at.itemCount] = count;
    stage.paramsWords[at + PARAMS.at.walksRows] = step.walk === "row" ? 1 : 0;
    stage.paramsWords[at + PARAMS.at.scaleBase] = step.extras?.scaleBase ?? 0;
  }
}

/** How many items of each size, and merges, a dispatch makes room for. */
export interface DispatchSize {
  /** By size, in the order of `ITEM_ROWS`. */
  readonly items: readonly number[];
  /** Split rows. */
  readonly merges: number;
  /** Whether workgroups have more subgroups, for few keys. */
  readonly isShort: boolean;
}

/** The size of a plan's own dispatches. */
export function dispatchSize(plan: WorkPlan): DispatchSize {
  return {
    items: plan.items.map((list) => list.length / ITEM.words),
    merges: plan.merges.length / MERGE.words,
    isShort: plan.isShort,
  };
}

/** Makes room for any plan of the given size, so that uploading one makes no object. */
export function reserveAttend(
  stage: AttendStage,
  o: { size: DispatchSize; partialRows: number; queryTokens: number },
): void {
  const { headSize, queryHeads } = stage.options.specialisation;
  const items = o.size.items.reduce((sum, count) => sum + count, 0);
  grow(stage, stage.items, items * ITEM.words * 4);
  if (stage.counters !== null) grow(stage, stage.counters, items * 4);
  grow(stage, stage.merges, o.size.merges * MERGE.words * 4);
  const floats = o.partialRows * (headSize + 2) + o.queryTokens * queryHeads;
  grow(stage, stage.partials, floats * 4);
}

/** Records the dispatches of one layer. */
export function encodeAttend(
  stage: AttendStage,
  pass: GPUComputePassEncoder,
  o: { size: DispatchSize; layer: number; tensors: AttendTensors },
): void {
  if (stage.bound !== o.tensors) {
    stage.bindGroups.clear();
    stage.bound = o.tensors;
  }
  for (let size = 0; size < ITEM_ROWS.length; size++) {
    const count = o.size.items[size];
    if (count === 0) continue;
    const { pipelines, shortPipelines } = stage;
    const pipeline = (o.size.isShort ? shortPipelines : pipelines).get(ITEM_ROWS[size]);
    if (pipeline === undefined) {
      throw new RangeError(
        `Cannot run items of ${ITEM_ROWS[size]} rows: their program was not compiled`,
      );
    }
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, attendBindGroup(stage, size + 1, o.layer, o.tensors));
    dispatchWide(pass, count);
  }
  if (o.size.merges === 0) return;
  pass.setPipeline(stage.mergePipeline);
  pass.setBindGroup(0, mergeBindGroup(stage, o.tensors));
  dispatchWide(pass, o.size.merges);
}

/** Frees the stage's buffers. */
export function destroyAttendStage(stage: AttendStage): void {
  stage.params.destroy();
  for (const growing of [stage.items, stage.merges, stage.partials, stage.extras, stage.counters]) {
    growing?.buffer.destroy();
  }
}

function attendBindGroup(
  stage: AttendStage,
  slot: number,
  layer: number,
  tensors: AttendTensors,
): GPUBindGroup {
  const key = layer * (ITEM_ROWS.length + 1) + slot;
  let group = stage.bindGroups.get(key);
  if (group === undefined) {
    const { keys, values, scales } = stage.options.cache.layers[layer];
    group = bind(stage, stage.layouts.attend, slot, [
      stage.items.buffer,
      tensors.table,
      tensors.query,
      stage.extras.buffer,
      tensors.output,
      stage.partials.buffer,
      ...keys,
      ...values,
      ...scales,
      ...(stage.counters === null ? [] : [stage.counters.buffer]),
    ]);
    stage.bindGroups.set(key, group);
  }
  return group;
}

function mergeBindGroup(stage: AttendStage, tensors: AttendTensors): GPUBindGroup {
  let group = stage.bindGroups.get(0);
  if (group === undefined) {
    const { merges, extras, partials } = stage;
    group = bind(stage, stage.layouts.merge, 0, [
      merges.buffer,
      extras.buffer,
      tensors.output,
      partials.buffer,
    ]);
    stage.bindGroups.set(0, group);
  }
  return group;
}

function bind(
  stage: AttendStage,
  layout: GPUBindGroupLayout,
  slot: number,
  storage: readonly GPUBuffer[],
): GPUBindGroup {
  const offset = slot * PARAMS_STRIDE_BYTES;
  const params = { buffer: stage.params, offset, size: PARAMS_BYTES };
  return createBindGroup(stage.gpu, layout, [params, ...storage.map((buffer) => ({ buffer }))]);
}

function grow(stage: AttendStage, growing: GrowingBuffer, sizeBytes: number): void {
  if (growTo(stage.gpu, growing, sizeBytes)) stage.bindGroups.clear();
}
