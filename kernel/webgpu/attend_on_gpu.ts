/** One attention call on the GPU, from host tensors to host tensors. */

import type { BlockTable } from "../../allocator/mod.ts";
import { checkProblem } from "../check_problem.ts";
import type { AttentionProblem } from "../problem.ts";
import {
  type AttendStep,
  createAttendStage,
  destroyAttendStage,
  encodeAttend,
  type PackedExtras,
  uploadAttend,
} from "./attend_stage.ts";
import { createDeviceCache, destroyDeviceCache, writeLayer } from "./device_cache.ts";
import { createBuffer, type Gpu } from "./gpu.ts";
import { createWorkPlan, planBatch } from "./plan.ts";
import { readBack } from "./read_back.ts";
import type { AttendTuning } from "./specialisation.ts";
import { MAX_ITEM_ROWS } from "./specialisation.ts";

/** Options of `attendOnGpu`. */
export interface AttendOnGpuOptions {
  /** Pages that are read: those that some row sees (default), or the whole row, masked. */
  readonly walk?: "row" | "visible";
  /** Tokens of a split; by default chosen for the adapter. */
  readonly splitTokens?: number;
  /** Whether to return log-sum-exps. */
  readonly returnLogSumExp?: boolean;
  /** Other than the default tuning. */
  readonly tuning?: AttendTuning;
  /** [T, Hq, D] bits to write into, in place of a new array. */
  readonly into?: Uint16Array;
}

/** What an attention call gives. */
export interface AttendOutcome {
  /** [T, Hq, D] bits of the storage type; `into` where that was given. */
  readonly output: Uint16Array;
  /** [T, Hq] over visible keys, −Infinity where there is none; null unless asked for. */
  readonly logSumExp: Float32Array | null;
}

/** Items that keep an adapter busy: a few for each of a data-centre GPU's multiprocessors. */
export function parallelItems(gpu: Gpu): number {
  return gpu.isSoftware ? 16 : 2048;
}

/** The problem's table with its shape. */
export function problemTable(p: AttentionProblem): BlockTable {
  return {
    layout: p.shape.layout,
    layerGroups: 1,
    slots: p.shape.batch,
    kvHeads: p.shape.kvHeads,
    columns: p.shape.columns,
    ids: p.table,
  };
}

/**
 * Runs one attention problem on the GPU.
 *
 * @param gpu An open GPU.
 * @param p The problem.
 * @param o Options.
 * @returns Output bits and, where asked for, log-sum-exps.
 * @throws {ProblemError} If a tensor is wrong, before any byte of it is read.
 * @throws {GpuError} If the device fails.
 *
 * @example
 * ```ts
 * import { attendOnGpu, closeGpu, compareWithOracle, openGpu, randomProblem } from "@headwise/headwise/kernel";
 * import assert from "node:assert/strict";
 *
 * const outcome = await openGpu();
 * if (outcome.kind === "gpu") {
 *   const problem = randomProblem({
 *     seed: 1, queryLengths: [1, 3], cachedLengths: [40, 0],
 *     shape: { batch: 2, queryHeads: 4, kvHeads: 2, headSize: 64, pageSizeTokens: 16, pages: 8,
 *       columns: 4, layout: "headwise", storage: "bf16" },
 *   });
 *   const { output } = await attendOnGpu(outcome.gpu, problem);
 *   assert.ok(compareWithOracle({ problem, output }).ok);
 *   closeGpu(outcome.gpu);
 * }
 * ```
 */
export async function attendOnGpu(
  gpu: Gpu,
  p: AttentionProblem,
  o: AttendOnGpuOptions = {},
): Promise<AttendOutcome> {
  checkProblem(p);
  const { shape } = p;
  const queryTokens = p.queryStarts[shape.batch];
  const output = o.into ?? new Uint16Array(queryTokens * shape.queryHeads * shape.headSize);
  if (output.length !== p.query.length) {
    throw new RangeError(
      `Output must have ${p.query.length} elements [T, Hq, D]: "into" has ${output.length}`,
    );
  }
  if (queryTokens === 0) {
    return { output, logSumExp: o.returnLogSumExp === true ? new Float32Array(0) : null };
  }
  const group = shape.queryHeads / shape.kvHeads;
  const pageIds = shape.layout === "pooled"
    ? shape.poolPages ?? shape.pages * shape.kvHeads
    : shape.pages;
  const cache = createDeviceCache(gpu, { shape: { ...shape, pageIds }, layers: 1 });
  const queryLengths = new Int32Array(shape.batch);
  const itemRows = new Set<number>();
  for (let slot = 0; slot < shape.batch; slot++) {
    queryLengths[slot] = p.queryStarts[slot + 1] - p.queryStarts[slot];
    if (queryLengths[slot] > 0) itemRows.add(Math.min(MAX_ITEM_ROWS, queryLengths[slot] * group));
  }
  const stage = await createAttendStage(gpu, {
    specialisation: {
      ...shape,
      bindings: cache.bindings,
      maskRanges: p.maskRanges !== undefined,
      treeMask: p.treeMask !== undefined,
      learnedSinks: p.sinkLogits !== undefined,
      logSumExp: o.returnLogSumExp === true,
    },
    cache,
    itemRows: [...itemRows],
    ...(o.tuning === undefined ? {} : { tuning: o.tuning }),
  });
  const tensorUsage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const buffer = (label: string, sizeBytes: number): GPUBuffer =>
    createBuffer(gpu, { label, sizeBytes, usage: tensorUsage });
  const tensors = {
    query: buffer("query", p.query.byteLength),
    table: buffer("block table", p.table.byteLength),
    output: buffer("output", p.query.byteLength),
  };
  try {
    writeLayer(gpu, { cache, layer: 0, keys: p.keys, values: p.values });
    gpu.device.queue.writeBuffer(tensors.query, 0, p.query as Uint16Array<ArrayBuffer>);
    gpu.device.queue.writeBuffer(tensors.table, 0, p.table as Int32Array<ArrayBuffer>);
    const plan = createWorkPlan();
    const table = problemTable(p);
    planBatch(plan, { ...p, table, group: 0, queryLengths }, {
      group,
      pageSizeTokens: shape.pageSizeTokens,
      pageRows: cache.pageRows,
      headRows: cache.headRows,
      walk: o.walk ?? "visible",
      parallelItems: parallelItems(gpu),
      ...(o.splitTokens === undefined ? {} : { splitTokens: o.splitTokens }),
    });
    const step: AttendStep = {
      table,
      group: 0,
      queryTokens,
      sinkTokens: p.sinkTokens,
      scale: p.scale ?? 1 / Math.sqrt(shape.headSize),
      extras: packExtras(p),
    };
    uploadAttend(stage, plan, step);
    const encoder = gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    encodeAttend(stage, pass, { plan, layer: 0, tensors });
    pass.end();
    gpu.device.queue.submit([encoder.finish()]);
    const rows = queryTokens * shape.queryHeads;
    const bytes = await readBack(gpu, [
      { buffer: tensors.output, sizeBytes: p.query.byteLength },
      ...(o.returnLogSumExp === true
        ? [{
          buffer: stage.partials.buffer,
          offsetBytes: stage.logSumExpBase * 4,
          sizeBytes: rows * 4,
        }]
        : []),
    ]);
    output.set(new Uint16Array(bytes, 0, p.query.length));
    return {
      output,
      logSumExp: o.returnLogSumExp === true
        ? new Float32Array(bytes, p.query.byteLength, rows).map(restoreInfinity)
        : null,
    };
  } finally {
    destroyAttendStage(stage);
    destroyDeviceCache(cache);
    for (const tensor of Object.values(tensors)) tensor.destroy();
  }
}

// Shaders say "no key" with a finite sentinel, because drivers disagree on infinities.
function restoreInfinity(value: number): number {
  return value <= -1e29 ? -Infinity : value;
}

/** Lays mask ranges, tree bits and learned sinks out as attend_common.wgsl reads them. */
export function packExtras(
  p: Pick<AttentionProblem, "maskRanges" | "treeMask" | "sinkLogits" | "shape">,
): PackedExtras {
  const ranges = p.maskRanges?.length ?? 0;
  const treeTokens = p.treeMask?.maxQueryTokens ?? 0;
  const treeBits = p.shape.batch * treeTokens * treeTokens;
  const treeWords = Math.ceil(treeBits / 32);
  const words = new Uint32Array(Math.max(1, ranges + treeWords + (p.sinkLogits?.length ?? 0)));
  if (p.maskRanges !== undefined) words.set(p.maskRanges, 0);
  for (let bit = 0; bit < treeBits; bit++) {
    if (p.treeMask!.bits[bit] !== 0) words[ranges + (bit >>> 5)] |= 1 << (bit & 31);
  }
  const learnedSinkBase = ranges + treeWords;
  if (p.sinkLogits !== undefined) {
    new Float32Array(words.buffer, learnedSinkBase * 4, p.sinkLogits.length).set(p.sinkLogits);
  }
  return { words, treeBase: ranges, treeTokens, learnedSinkBase };
}
