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
import { createTensor, submitPass } from "./buffers.ts";
import type { Gpu } from "./gpu.ts";
import { problemTable, queryLengthsOf } from "./problem_run.ts";
import { staticScales } from "./static_scales.ts";
import { readBack } from "./read_back.ts";

/**
 * Runs one append problem on the GPU.
 *
 * @param p The problem; its cache is not changed.
 * @returns The rotated queries, the cache after the step, and how many writes fell into holes.
 * @throws {ProblemError} If a tensor is wrong, before any byte of it is read.
 * @throws {GpuError} If the device fails.
 */
export async function appendOnGpu(gpu: Gpu, p: AppendProblem): Promise<AppendOutcome> {
  checkAppend(p);
  const { shape } = p;
  const queryLengths = queryLengthsOf(p);
  const positions = queryLengths.reduce(
    (most, length, slot) => Math.max(most, p.cachedLengths[slot] + length),
    1,
  );
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
  const queryTokens = p.queryStarts[shape.batch];
  const queryElements = queryTokens * shape.queryHeads * shape.headSize;
  const tensors = {
    packed: createTensor(gpu, "packed", p.packed.byteLength),
    table: createTensor(gpu, "block table", p.table.byteLength),
    query: createTensor(gpu, "query", queryElements * 2),
  };
  try {
    writeLayer(gpu, { cache, layer: 0, tensors: p });
    gpu.device.queue.writeBuffer(tensors.packed, 0, p.packed as Uint16Array<ArrayBuffer>);
    gpu.device.queue.writeBuffer(tensors.table, 0, p.table as Int32Array<ArrayBuffer>);
    const table = problemTable(p);
    const tokens = uploadAppend(stage, { ...p, table, group: 0, queryLengths });
    submitPass(gpu, (pass) => encodeAppend(stage, pass, { tokens, layer: 0, tensors }));
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
