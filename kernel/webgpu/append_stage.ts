/** The append stage of a step: rotation, and keys and values written through the block table. */

import type { BlockTable } from "../../allocator/mod.ts";
import type { Rotary } from "../problem.ts";
import { rotaryTable } from "../rotary.ts";
import {
  createBindGroup,
  createGrowing,
  createLayout,
  type GrowingBuffer,
  growTo,
} from "./buffers.ts";
import { hasCodes, scaleBindings } from "./cache_sides.ts";
import type { DeviceCache } from "./device_cache.ts";
import { compileProgram, createBuffer, type Gpu, GpuError } from "./gpu.ts";
import type { AppendSpecialisation } from "./program.ts";
import { appendProgram } from "./specialisation.ts";
import { PARAMS } from "./struct_layout.ts";

const STORAGE_IN = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
/** Workgroups of an append; its loop strides over the rest. */
const MAX_WORKGROUPS = 8192;
/** Positions that one upload of the rotary table covers. */
const ROTARY_BLOCK_POSITIONS = 4096;

/** Buffers that the caller owns. */
export interface AppendTensors {
  /** [T, (Hq + 2H)·D] bits, read. */
  readonly packed: GPUBuffer;
  /** Block tables, all groups, read. */
  readonly table: GPUBuffer;
  /** [T, Hq, D] bits, written. */
  readonly query: GPUBuffer;
}

/** The stage's state. */
export interface AppendStage {
  /** The device. */
  readonly gpu: Gpu;
  /** The cache that is written. */
  readonly cache: DeviceCache;
  /** Constants of its program. */
  readonly specialisation: AppendSpecialisation;
  /** The program. */
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  /** Scalars. */
  readonly params: GPUBuffer;
  /** Host copy of the scalars. */
  readonly paramsWords: Uint32Array<ArrayBuffer>;
  /** Slot and position of each token. */
  readonly tokens: GrowingBuffer;
  /** Host copy of the tokens. */
  tokenWords: Uint32Array<ArrayBuffer>;
  /** Cosine and sine of each position and pair. */
  readonly rotary: GPUBuffer;
  /** Writes that fell into holes since the stage was made. */
  readonly dropped: GPUBuffer;
  /** Where the scales that tokens share begin behind the rotary table, in pairs of f32. */
  readonly scaleBase: number;
  /** Bind groups by layer. */
  readonly bindGroups: Map<number, GPUBindGroup>;
  bound: AppendTensors | null;
}

/**
 * Compiles the program and uploads the rotary table.
 *
 * @throws {GpuError} `limit` if the cache needs more bindings than the adapter has, `compile` if
 * the program is refused.
 */
export async function createAppendStage(
  gpu: Gpu,
  o: {
    specialisation: AppendSpecialisation;
    cache: DeviceCache;
    rotary: Rotary;
    positions: number;
    /** Scales that tokens share, as `staticScales` lays them out; none for C16. */
    statics?: Float32Array<ArrayBuffer>;
  },
): Promise<AppendStage> {
  const available = gpu.device.limits.maxStorageBuffersPerShaderStage;
  const scaleBuffers = scaleBindings(o.specialisation);
  const written = 2 * o.cache.bindings + scaleBuffers;
  if (6 + written > available) {
    throw new GpuError(
      "limit",
      `Cannot bind a cache split over ${written} buffers: the adapter allows ` +
        `${available} storage buffers and 6 are taken; use fewer pages`,
    );
  }
  const layout = createLayout(gpu, [
    "uniform",
    "read-only-storage",
    "read-only-storage",
    "read-only-storage",
    "read-only-storage",
    "storage",
    "storage",
    ...Array.from({ length: written }, () => "storage" as const),
  ]);
  const pairs = o.rotary.style === "none" ? 0 : o.rotary.rotaryDimensions / 2;
  return {
    gpu,
    cache: o.cache,
    specialisation: o.specialisation,
    pipeline: await compileProgram(gpu, appendProgram(o.specialisation), layout),
    layout,
    params: createBuffer(gpu, {
      label: "append params",
      sizeBytes: PARAMS.words * 4,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    }),
    paramsWords: new Uint32Array(PARAMS.words),
    tokens: createGrowing(gpu, "tokens", STORAGE_IN),
    tokenWords: new Uint32Array(256),
    rotary: uploadRotary(gpu, { ...o, pairs, statics: o.statics ?? new Float32Array(0) }),
    scaleBase: o.positions * pairs,
    dropped: createBuffer(gpu, {
      label: "dropped writes",
      sizeBytes: 4,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    }),
    bindGroups: new Map(),
    bound: null,
  };
}

/** The rotary table, [positions, pairs] of cosine and sine, and behind it the shared scales. */
function uploadRotary(
  gpu: Gpu,
  o: { rotary: Rotary; positions: number; pairs: number; statics: Float32Array<ArrayBuffer> },
): GPUBuffer {
  const { rotary, positions, pairs, statics } = o;
  const buffer = createBuffer(gpu, {
    label: "rotary table",
    sizeBytes: positions * pairs * 8 + statics.byteLength,
    usage: STORAGE_IN,
  });
  // Deno aborts where nothing is to be written.
  if (statics.length > 0) {
    gpu.device.queue.writeBuffer(buffer, positions * pairs * 8, statics);
  }
  if (pairs === 0) return buffer;
  for (let first = 0; first < positions; first += ROTARY_BLOCK_POSITIONS) {
    const count = Math.min(ROTARY_BLOCK_POSITIONS, positions - first);
    const table = rotaryTable(rotary, Int32Array.from({ length: count }, (_, i) => first + i));
    const turns = new Float32Array(count * pairs * 2);
    for (let i = 0; i < count * pairs; i++) {
      turns[2 * i] = table.cosines[i];
      turns[2 * i + 1] = table.sines[i];
    }
    gpu.device.queue.writeBuffer(buffer, first * pairs * 8, turns);
  }
  return buffer;
}

/** Uploads the step's tokens and scalars. Buffer writes only. */
export function uploadAppend(
  stage: AppendStage,
  step: {
    table: BlockTable;
    group: number;
    queryLengths: Int32Array;
    cachedLengths: Int32Array;
  },
): number {
  let tokens = 0;
  for (const length of step.queryLengths) tokens += length;
  if (stage.tokenWords.length < tokens * 2) stage.tokenWords = new Uint32Array(tokens * 4);
  const words = stage.tokenWords;
  let at = 0;
  for (let slot = 0; slot < step.queryLengths.length; slot++) {
    for (let i = 0; i < step.queryLengths[slot]; i++) {
      words[at++] = slot;
      words[at++] = step.cachedLengths[slot] + i;
    }
  }
  if (growTo(stage.gpu, stage.tokens, words.byteLength)) stage.bindGroups.clear();
  const { table } = step;
  const rows = table.layout === "uniform" ? 0 : table.slots * table.kvHeads;
  stage.paramsWords[PARAMS.at.columns] = table.columns;
  stage.paramsWords[PARAMS.at.tableBase] = step.group * rows * table.columns;
  stage.paramsWords[PARAMS.at.queryHeads] = stage.specialisation.queryHeads;
  stage.paramsWords[PARAMS.at.bindingRows] = stage.cache.rowsPerBinding;
  stage.paramsWords[PARAMS.at.itemCount] = tokens;
  stage.paramsWords[PARAMS.at.scaleBase] = stage.scaleBase;
  const { queue } = stage.gpu.device;
  queue.writeBuffer(stage.tokens.buffer, 0, words, 0, at);
  queue.writeBuffer(stage.params, 0, stage.paramsWords);
  return tokens;
}

/** Records the dispatch of one layer. */
export function encodeAppend(
  stage: AppendStage,
  pass: GPUComputePassEncoder,
  o: { tokens: number; layer: number; tensors: AppendTensors },
): void {
  if (o.tokens === 0) return;
  if (stage.bound !== o.tensors) {
    stage.bindGroups.clear();
    stage.bound = o.tensors;
  }
  let group = stage.bindGroups.get(o.layer);
  if (group === undefined) {
    const { keys, values, scales } = stage.cache.layers[o.layer];
    const { packed, table, query } = o.tensors;
    const buffers = [packed, table, stage.tokens.buffer, stage.rotary, query, stage.dropped];
    group = createBindGroup(
      stage.gpu,
      stage.layout,
      [
        stage.params,
        ...buffers,
        ...keys,
        ...values,
        ...scales,
      ].map((buffer) => ({ buffer })),
    );
    stage.bindGroups.set(o.layer, group);
  }
  const { queryHeads, kvHeads, headSize } = stage.specialisation;
  const heads = o.tokens * (queryHeads + 2 * kvHeads);
  const workgroups = hasCodes(stage.specialisation) ? heads : Math.ceil(heads * headSize / 2 / 64);
  pass.setPipeline(stage.pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(Math.min(MAX_WORKGROUPS, workgroups));
}

/** Frees the stage's buffers. */
export function destroyAppendStage(stage: AppendStage): void {
  for (const buffer of [stage.params, stage.tokens.buffer, stage.rotary, stage.dropped]) {
    buffer.destroy();
  }
}
