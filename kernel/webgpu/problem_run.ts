/** An attention problem's place on the device: its cache, stage, tensors and plan. */

import { planningOf } from "./attend_planning.ts";
import type { BlockTable } from "../../allocator/mod.ts";
import type { Arithmetic } from "../arithmetic.ts";
import type { AttentionProblem, AttentionShape } from "../problem.ts";
import {
  type AttendStage,
  type AttendStep,
  type AttendTensors,
  createAttendStage,
  destroyAttendStage,
  type DispatchSize,
  dispatchSize,
  encodeAttend,
  type PackedExtras,
  uploadAttend,
} from "./attend_stage.ts";
import {
  createDeviceCache,
  destroyDeviceCache,
  type DeviceCache,
  shapePageIds,
  writeLayer,
} from "./device_cache.ts";
import { createTensor, submitPass } from "./buffers.ts";
import type { Gpu } from "./gpu.ts";
import { itemRowsOfSlots } from "./item_rows.ts";
import { arithmeticOf, withTunedMatrices } from "./matrix_mapping.ts";
import { createWorkPlan, planBatch, type WorkPlan } from "./plan.ts";
import type { PlanBatch, PlanOptions } from "./plan_tiles.ts";
import { type BufferRange, readBack } from "./read_back.ts";
import { staticScales } from "./static_scales.ts";
import type { AttendTuning } from "./program.ts";
import { rowSizesOf, shortItemRowsOf } from "./row_sizes.ts";

/** State of one problem on the device. */
export interface ProblemRun {
  /** The device. */
  readonly gpu: Gpu;
  /** Sizes. */
  readonly shape: AttentionShape;
  /** [B] query tokens. */
  readonly queryLengths: Int32Array;
  /** T. */
  readonly queryTokens: number;
  /** Whether log-sum-exps are written. */
  readonly logSumExp: boolean;
  /** Keys and values. */
  readonly cache: DeviceCache;
  /** Programs and buffers. */
  readonly stage: AttendStage;
  /** Query, table and output. */
  readonly tensors: AttendTensors;
  /** The plan of the last upload. */
  readonly plan: WorkPlan;
}

/** Makes everything that problems of one kind and shape need. */
export async function createProblemRun(
  opened: Gpu,
  p: AttentionProblem,
  o: { logSumExp: boolean; tuning?: AttendTuning },
): Promise<ProblemRun> {
  const gpu = withTunedMatrices(opened, o.tuning);
  const { shape } = p;
  const group = shape.queryHeads / shape.kvHeads;
  const queryLengths = queryLengthsOf(p);
  const cache = createDeviceCache(gpu, {
    shape: { ...shape, pageIds: shapePageIds(shape) },
    layers: 1,
  });
  const tensors = {
    query: createTensor(gpu, "query", p.query.byteLength),
    table: createTensor(gpu, "block table", p.table.byteLength),
    output: createTensor(gpu, "output", p.query.byteLength),
  };
  const sizes = rowSizesOf(shape, { target: gpu.target, tuning: o.tuning });
  const rowSizes = { group, ...sizes };
  try {
    const stage = await createAttendStage(gpu, {
      specialisation: {
        ...shape,
        bindings: cache.bindings,
        maskRanges: p.maskRanges !== undefined,
        treeMask: p.treeMask !== undefined,
        learnedSinks: p.sinkLogits !== undefined,
        logSumExp: o.logSumExp,
      },
      cache,
      itemRows: itemRowsOfSlots(queryLengths, rowSizes),
      shortItemRows: shortItemRowsOf(shape, {
        target: gpu.target,
        tuning: o.tuning,
        sizesOf: (sizes) => itemRowsOfSlots(queryLengths, { group, ...sizes }),
      }),
      ...(o.tuning === undefined ? {} : { tuning: o.tuning }),
    });
    return {
      gpu,
      shape,
      queryLengths,
      queryTokens: p.queryStarts[shape.batch],
      logSumExp: o.logSumExp,
      cache,
      stage,
      tensors,
      plan: createWorkPlan(),
    };
  } catch (error) {
    destroyDeviceCache(cache);
    for (const buffer of Object.values(tensors)) buffer.destroy();
    throw error;
  }
}

/** How a problem is planned: what is read, how it is split, and which KV heads take part. */
export type ProblemPlan = Pick<PlanOptions, "walk" | "splitTokens"> & Pick<PlanBatch, "heads"> & {
  /** Whether the step is recorded, so that the sizes of its items are those of any number of keys. */
  readonly isRecorded?: boolean;
};

/** Writes a problem's tensors and plan. Buffer writes only. */
export function uploadProblem(
  run: ProblemRun,
  p: AttentionProblem,
  o: ProblemPlan,
): void {
  const { queue } = run.gpu.device;
  writeLayer(run.gpu, { cache: run.cache, layer: 0, tensors: p });
  queue.writeBuffer(run.tensors.query, 0, p.query as Uint16Array<ArrayBuffer>);
  queue.writeBuffer(run.tensors.table, 0, p.table as Int32Array<ArrayBuffer>);
  planProblem(run, p, o);
  const step: AttendStep = {
    table: problemTable(p),
    group: 0,
    queryTokens: run.queryTokens,
    sinkTokens: p.sinkTokens,
    scale: p.scale ?? 1 / Math.sqrt(run.shape.headSize),
    walk: o.walk,
    extras: packExtras(p),
  };
  uploadAttend(run.stage, run.plan, step);
}

/** Plans a problem without uploading it. */
export function planProblem(run: ProblemRun, p: AttentionProblem, o: ProblemPlan): void {
  const batch = {
    ...p,
    table: problemTable(p),
    group: 0,
    queryLengths: run.queryLengths,
    ...(o.heads === undefined ? {} : { heads: o.heads }),
  };
  const { short, ...steady } = planningOf(run.stage);
  const planning = short === undefined || o.isRecorded === true ? steady : { ...steady, short };
  planBatch(run.plan, batch, {
    ...o,
    group: run.shape.queryHeads / run.shape.kvHeads,
    pageSizeTokens: run.shape.pageSizeTokens,
    pageRows: run.cache.pageRows,
    headRows: run.cache.headRows,
    ...planning,
  });
}

/** Runs what was uploaded; `size` other than the plan's own is a recorded one. */
export function submitProblem(run: ProblemRun, size?: DispatchSize): void {
  const step = { size: size ?? dispatchSize(run.plan), layer: 0, tensors: run.tensors };
  submitPass(run.gpu, (pass) => encodeAttend(run.stage, pass, step));
}

/** Where the results are: output, then log-sum-exps. */
export function resultRanges(run: ProblemRun): BufferRange[] {
  const rows = run.queryTokens * run.shape.queryHeads;
  const output = { buffer: run.tensors.output, sizeBytes: rows * run.shape.headSize * 2 };
  if (!run.logSumExp) return [output];
  const offsetBytes = run.stage.logSumExpBase * 4;
  return [output, { buffer: run.stage.partials.buffer, offsetBytes, sizeBytes: rows * 4 }];
}

/** How the rows of each slot are multiplied, [B]. */
export function arithmeticOfSlots(
  run: Pick<ProblemRun, "gpu" | "shape" | "queryLengths" | "stage">,
): Arithmetic[] {
  const { gpu, shape, queryLengths, stage: { options: { tuning } } } = run;
  return Array.from(queryLengths, (queryTokens) =>
    arithmeticOf(gpu.target, {
      shape,
      queryTokens,
      ...(tuning === undefined ? {} : { tuning }),
    }));
}

/** Takes the bytes of `resultRanges` apart. */
export function decodeResults(
  run: ProblemRun,
  bytes: ArrayBuffer,
): { output: Uint16Array<ArrayBuffer>; logSumExp: Float32Array<ArrayBuffer> | null } {
  const rows = run.queryTokens * run.shape.queryHeads;
  const elements = rows * run.shape.headSize;
  return {
    output: new Uint16Array(bytes, 0, elements),
    // Shaders say "no key" with a finite sentinel, because drivers disagree on infinities.
    logSumExp: run.logSumExp
      ? new Float32Array(bytes, elements * 2, rows).map((v) => v <= -1e29 ? -Infinity : v)
      : null,
  };
}

/**
 * Runs a problem once.
 *
 * @returns What the device computed; log-sum-exps where the run was to have them.
 */
export async function runProblem(
  gpu: Gpu,
  p: AttentionProblem,
  o: { logSumExp: boolean; plan: ProblemPlan; tuning?: AttendTuning },
): Promise<ReturnType<typeof decodeResults> & { arithmetic: Arithmetic[] }> {
  const run = await createProblemRun(gpu, p, o);
  try {
    uploadProblem(run, p, o.plan);
    submitProblem(run);
    const results = decodeResults(run, await readBack(gpu, resultRanges(run)));
    return { ...results, arithmetic: arithmeticOfSlots(run) };
  } finally {
    destroyProblemRun(run);
  }
}

/** Frees everything. */
export function destroyProblemRun(run: ProblemRun): void {
  destroyAttendStage(run.stage);
  destroyDeviceCache(run.cache);
  for (const buffer of Object.values(run.tensors)) buffer.destroy();
}

/** [B] query tokens of each slot. */
export function queryLengthsOf(
  { queryStarts }: Pick<AttentionProblem, "queryStarts">,
): Int32Array<ArrayBuffer> {
  return Int32Array.from(
    { length: queryStarts.length - 1 },
    (_, slot) => queryStarts[slot + 1] - queryStarts[slot],
  );
}

/** A problem's table, of one layer group. */
export function problemTable(p: Pick<AttentionProblem, "shape" | "table">): BlockTable {
  return {
    layout: p.shape.layout,
    layerGroups: 1,
    slots: p.shape.batch,
    kvHeads: p.shape.kvHeads,
    columns: p.shape.columns,
    ids: p.table,
  };
}

/** Lays mask ranges, tree bits, learned sinks and shared scales out as attend_common.wgsl reads them. */
export function packExtras(
  p:
    & Pick<
      AttentionProblem,
      "maskRanges" | "treeMask" | "sinkLogits" | "quantisedKeys" | "quantisedValues"
    >
    & { readonly shape: AttentionShape },
): PackedExtras {
  const ranges = p.maskRanges?.length ?? 0;
  const treeTokens = p.treeMask?.maxQueryTokens ?? 0;
  const treeBits = p.shape.batch * treeTokens * treeTokens;
  const treeWords = Math.ceil(treeBits / 32);
  const statics = staticScales(p);
  const scaleBase = ranges + treeWords + (p.sinkLogits?.length ?? 0);
  const words = new Uint32Array(Math.max(1, scaleBase + statics.length));
  if (p.maskRanges !== undefined) words.set(p.maskRanges, 0);
  for (let bit = 0; bit < treeBits; bit++) {
    if (p.treeMask!.bits[bit] !== 0) words[ranges + (bit >>> 5)] |= 1 << (bit & 31);
  }
  const learnedSinkBase = ranges + treeWords;
  if (p.sinkLogits !== undefined) {
    new Float32Array(words.buffer, learnedSinkBase * 4, p.sinkLogits.length).set(p.sinkLogits);
  }
  new Float32Array(words.buffer, scaleBase * 4, statics.length).set(statics);
  return { words, treeBase: ranges, treeTokens, learnedSinkBase, scaleBase };
}
