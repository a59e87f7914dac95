/** Devices that cheat a benchmark, for tests: a real one whose passes are bent. */

import type { Gpu } from "./gpu.ts";

/** What a device does in place of the work that it is timed on. */
export type Cheat =
  /** No pass is ever run: outputs stay zero. */
  | "zeros"
  /** The first passes are run; once inputs repeat, none. */
  | "skips once inputs repeat"
  /** Passes without timestamps are run, those that are timed are not. */
  | "recognises warm-ups"
  /** The answer of the first pass is kept, and copied in place of running another. */
  | "keeps outputs"
  /** Every pass is run over another step's queries. */
  | "answers another input"
  /** Outputs are no numbers. */
  | "answers NaN";

/**
 * Has a device cheat until it is told to stop.
 *
 * @param gpu The device; it is bent in place.
 */
export function cheatWith(gpu: Gpu, cheat: Cheat, honestPasses: number): () => void {
  const { device } = gpu;
  const createBuffer = device.createBuffer.bind(device);
  const createCommandEncoder = device.createCommandEncoder.bind(device);
  const seen = new Map<string, GPUBuffer>();
  let spare: GPUBuffer | null = null;
  let passes = 0;
  device.createBuffer = (descriptor) => {
    const buffer = createBuffer(descriptor);
    seen.set(descriptor.label ?? "", buffer);
    return buffer;
  };
  const spareOf = (output: GPUBuffer): GPUBuffer => {
    spare ??= createBuffer({
      size: output.size,
      usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC,
    });
    return spare;
  };
  device.createCommandEncoder = (descriptor) => {
    const encoder = createCommandEncoder(descriptor);
    const beginComputePass = encoder.beginComputePass.bind(encoder);
    encoder.beginComputePass = (about) => {
      const isTimed = about?.timestampWrites !== undefined;
      const isHonest = cheat === "recognises warm-ups" ? !isTimed : passes++ < honestPasses;
      const [output, query] = [seen.get("output"), seen.get("query")];
      if (isHonest || output === undefined || query === undefined) return beginComputePass(about);
      if (cheat === "keeps outputs" && spare === null) {
        encoder.copyBufferToBuffer(output, 0, spareOf(output), 0, output.size);
      }
      if (cheat === "answers another input") {
        encoder.copyBufferToBuffer(query, 0, spareOf(query), 0, query.size);
        encoder.clearBuffer(query);
      }
      const pass = beginComputePass(about);
      if (cheat !== "answers another input") {
        pass.dispatchWorkgroups = () => {};
        pass.dispatchWorkgroupsIndirect = () => {};
      }
      const end = pass.end.bind(pass);
      pass.end = () => {
        end();
        if (cheat === "keeps outputs" && spare !== null) {
          encoder.copyBufferToBuffer(spare, 0, output, 0, output.size);
        }
        if (cheat === "answers another input") {
          encoder.copyBufferToBuffer(spareOf(query), 0, query, 0, query.size);
        }
        if (cheat === "answers NaN") {
          const nan = spareOf(output);
          device.queue.writeBuffer(nan, 0, new Uint16Array(output.size / 2).fill(0x7fc0));
          encoder.copyBufferToBuffer(nan, 0, output, 0, output.size);
        }
      };
      return pass;
    };
    return encoder;
  };
  return () => {
    device.createBuffer = createBuffer;
    device.createCommandEncoder = createCommandEncoder;
    spare?.destroy();
  };
}
