/** What a chain of dispatches costs that does nothing: the floor under every small batch. */

import { createBuffer, type Gpu } from "./gpu.ts";
import { timeProgram } from "./pass_timer.ts";
import type { Program } from "./program.ts";

const RUNS = 51;

// Each dispatch writes what the one before wrote, so that the GPU drains between them as it does
// between attention and merge.
const PROGRAM: Program = {
  name: "empty_chain",
  entryPoint: "empty",
  workgroupSize: 1,
  code: `
@group(0) @binding(0) var<storage, read_write> sink: array<u32>;

@compute @workgroup_size(1)
fn empty() {
  sink[0] += 1u;
}`,
};

/**
 * Times passes of `dispatches` dependent dispatches of one lane each.
 *
 * @param o Dispatches of a pass; timed passes, 51 by default.
 * @returns Milliseconds of each pass.
 */
export async function timeEmptyChain(
  gpu: Gpu,
  o: { readonly dispatches: number; readonly runs?: number },
): Promise<Float64Array<ArrayBuffer>> {
  const usage = GPUBufferUsage.STORAGE;
  const sink = createBuffer(gpu, { label: "empty chain", sizeBytes: 16, usage });
  const { dispatches, runs = RUNS } = o;
  try {
    return await timeProgram(gpu, PROGRAM, { runs, dispatches, workgroups: 1, output: sink });
  } finally {
    sink.destroy();
  }
}
