/** One append call on the GPU, from host tensors to host tensors. */

import type { AppendOutcome } from "../append_reference.ts";
import { checkAppend } from "../check_append.ts";
import type { AppendProblem } from "../problem.ts";
import {
  createAppendStage,
  destroyAppendStage,
  encodeAppend,
  uploadAppend,
} from "./append_stage.ts";
import {
  createDeviceCache,
  decodeLayer,
  destroyDeviceCache,
  layerRanges,
  shapePageIds,
  writeLayer,
} from "./device_cache.ts";
import { createBuffer, type Gpu } from "./gpu.ts";
import { staticScales } from "./static_scales.ts";
import { readBack } from "./read_back.ts";

/**
 * Runs one append problem on the GPU.
 *
 * @param p The problem; its cache is not changed.
 * @returns The rotated queries, the cache after the step, and how many writes fell into holes.
 * @throws {ProblemError} If a tensor is wrong, before any byte of it is read.
 * @throws {GpuError} If the device fails.
 *
 * @example
 * ```ts
 * import { appendOnGpu, closeGpu, compareAppend, openGpu, randomAppend } from "@headwise/headwise/kernel";
 * import assert from "node:assert/strict";
 *
 * const outcome = await openGpu();
 * if (outcome.kind === "gpu") {
 *   const problem = randomAppend({
 *     seed: 1, queryLengths: [1, 3], cachedLengths: [40, 0],
 *     rotary: { style: "neox", theta: 10_000, rotaryDimensions: 64 },
 *     shape: { batch: 2, queryHeads: 4, kvHeads: 2, headSize: 64, pageSizeTokens: 16, pages: 8,
 *       columns: 4, layout: "headwise", storage: "bf16" },
 *   });
 *   const verdict = compareAppend({ problem, outcome: await appendOnGpu(outcome.gpu, problem) });
 *   assert.ok(verdict.ok, verdict.message);
 *   closeGpu(outcome.gpu);
 * }
 * ```
 */
export async function appendOnGpu(gpu: Gpu, p: AppendProblem): Promise<AppendOutcome> {
  checkAppend(p);
  const { shape } = p;
  const queryLengths = new Int32Array(shape.batch);
  let positions = 1;
  for (let slot = 0; slot < shape.batch; slot++) {
    queryLengths[slot] = p.queryStarts[slot + 1] - p.queryStarts[slot];
    positions = Math.max(positions, p.cachedLengths[slot] + queryLengths[slot]);
  }
  const cache = createDeviceCache(gpu, {
    shape: { ...shape, pageIds: shapePageIds(shape) },
    layers: 1,
  });
  const stage = await createAppendStage(gpu, {
    specialisation: {
      ...shape,
      bindings: cache.bindings,
      rotaryStyle: p.rotary.style,
      rotaryDimensions: p.rotary.rotaryDimensions,
    },
    cache,
    rotary: p.rotary,
    positions,
    statics: staticScales(p),
  });
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const buffer = (label: string, sizeBytes: number): GPUBuffer =>
    createBuffer(gpu, { label, sizeBytes, usage });
  const queryTokens = p.queryStarts[shape.batch];
  const queryElements = queryTokens * shape.queryHeads * shape.headSize;
  const tensors = {
    packed: buffer("packed", p.packed.byteLength),
    table: buffer("block table", p.table.byteLength),
    query: buffer("query", queryElements * 2),
  };
  try {
    writeLayer(gpu, { cache, layer: 0, tensors: p });
    gpu.device.queue.writeBuffer(tensors.packed, 0, p.packed as Uint16Array<ArrayBuffer>);
    gpu.device.queue.writeBuffer(tensors.table, 0, p.table as Int32Array<ArrayBuffer>);
    const table = {
      layout: shape.layout,
      layerGroups: 1,
      slots: shape.batch,
      kvHeads: shape.kvHeads,
      columns: shape.columns,
      ids: p.table,
    };
    const tokens = uploadAppend(stage, { ...p, table, group: 0, queryLengths });
    const encoder = gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    encodeAppend(stage, pass, { tokens, layer: 0, tensors });
    pass.end();
    gpu.device.queue.submit([encoder.finish()]);
    const bytes = await readBack(gpu, [
      { buffer: stage.dropped, sizeBytes: 4 },
      { buffer: tensors.query, sizeBytes: queryElements * 2 },
      ...layerRanges(cache, 0),
    ]);
    return {
      droppedWrites: new Uint32Array(bytes, 0, 1)[0],
      query: new Uint16Array(bytes, 4, queryElements),
      ...decodeLayer(p, bytes.slice(4 + queryElements * 2)),
    };
  } finally {
    destroyAppendStage(stage);
    destroyDeviceCache(cache);
    for (const tensor of Object.values(tensors)) tensor.destroy();
  }
}
