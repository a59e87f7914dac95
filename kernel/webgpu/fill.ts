/** Seeded random contents made on the device: caches of many gigabytes never cross the bus. */

import type { StorageType } from "../storage_type.ts";
import { createBindGroup, createLayout, submitPass } from "./buffers.ts";
import { compileProgram, createBuffer, type Gpu } from "./gpu.ts";
import { fillProgram } from "./specialisation.ts";
import { FILL_PARAMS } from "./struct_layout.ts";

/** Fills buffers with values of a storage type; buffer i of the list gets seed + i. */
export async function fillRandom(
  gpu: Gpu,
  o: { buffers: readonly GPUBuffer[]; storage: StorageType; seed: number },
): Promise<void> {
  const layout = createLayout(gpu, ["uniform", "storage"]);
  const pipeline = await compileProgram(gpu, fillProgram(o.storage), layout);
  const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
  const params = o.buffers.map((buffer, index) => {
    const made = createBuffer(gpu, { label: "fill params", sizeBytes: 16, usage });
    const words = new Uint32Array(FILL_PARAMS.words);
    words[FILL_PARAMS.at.seed] = (o.seed + index) >>> 0;
    words[FILL_PARAMS.at.words] = buffer.size / 4;
    gpu.device.queue.writeBuffer(made, 0, words);
    return made;
  });
  submitPass(gpu, (pass) => {
    pass.setPipeline(pipeline);
    o.buffers.forEach((buffer, index) => {
      pass.setBindGroup(0, createBindGroup(gpu, layout, [{ buffer: params[index] }, { buffer }]));
      pass.dispatchWorkgroups(Math.min(8192, Math.ceil(buffer.size / 4 / 64)));
    });
  });
  for (const buffer of params) buffer.destroy();
}
