/**
 * Keeps a GPU's clocks up between steps.
 *
 * An idle GPU lowers its clocks within tenths of a second. A host that waits for a read leaves it
 * idle, and the first steps afterwards would be timed at a fraction of the clock that a serving
 * engine, which is never idle under load, would see.
 */

import { createBindGroup, createLayout, submitPass } from "./buffers.ts";
import { multiplyAddProgram, multiplyAddWorkgroups } from "./ceilings.ts";
import { compileProgram, createBuffer, type Gpu } from "./gpu.ts";

/** Dispatches of about a millisecond each that raise the clocks from idle. */
const COLD_DISPATCHES = 150;
/** After a read, which leaves the GPU idle for about ten milliseconds. */
const COOL_DISPATCHES = 8;
/** Gaps longer than this count as idle. */
const IDLE_MS = 50;

/** A warmer of one device. */
export interface Warmer {
  /** Call before a step is submitted. */
  beforeStep(): void;
  /** Call after a read was waited for. */
  afterRead(): void;
  /** Gives its buffer back. */
  destroy(): void;
}

/** Makes a warmer; on a software adapter, whose clocks no one measures, it does nothing. */
export async function createWarmer(gpu: Gpu): Promise<Warmer> {
  if (gpu.isSoftware) return { beforeStep() {}, afterRead() {}, destroy() {} };
  const layout = createLayout(gpu, ["storage"]);
  const pipeline = await compileProgram(gpu, multiplyAddProgram(), layout);
  const usage = GPUBufferUsage.STORAGE;
  const sink = createBuffer(gpu, { label: "warmer", sizeBytes: 16, usage });
  const group = createBindGroup(gpu, layout, [{ buffer: sink }]);
  let due = COLD_DISPATCHES;
  let lastMs = performance.now();
  return {
    beforeStep() {
      const nowMs = performance.now();
      if (nowMs - lastMs > IDLE_MS) due = COLD_DISPATCHES;
      lastMs = nowMs;
      if (due === 0) return;
      submitPass(gpu, (pass) => {
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group);
        for (let i = 0; i < due; i++) pass.dispatchWorkgroups(multiplyAddWorkgroups(gpu));
      });
      due = 0;
    },
    afterRead() {
      due = Math.max(due, COOL_DISPATCHES);
    },
    destroy: () => sink.destroy(),
  };
}
