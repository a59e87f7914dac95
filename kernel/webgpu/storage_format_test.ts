/** How shaders round to the storage types: the same bits as the host, for every kind of number. */
import assert from "node:assert/strict";
import { createRandom } from "../../allocator/mod.ts";
import { decodingTable, encodeValue, type StorageType } from "../storage_type.ts";
import { createBindGroup, createLayout } from "./buffers.ts";
import { compileProgram, createBuffer, type Gpu } from "./gpu.ts";
import { readBack } from "./read_back.ts";
import storageFormatText from "./storage_format.wgsl" with { type: "text" };
import { expandTemplate } from "./template.ts";
import { testWithGpu } from "./testing.ts";

const BODY = `
@group(0) @binding(0) var<storage, read> source: array<u32>;
@group(0) @binding(1) var<storage, read_write> encoded: array<u32>;

@compute @workgroup_size(64)
fn encodeAll(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < arrayLength(&source)) {
    encoded[id.x] = encode(bitcast<f32>(source[id.x]), 0.0);
  }
}
`;

async function encodeOnGpu(
  gpu: Gpu,
  storage: StorageType,
  bits: Uint32Array,
): Promise<Uint32Array> {
  const layout = createLayout(gpu, ["read-only-storage", "storage"]);
  const code = expandTemplate([storageFormatText, BODY].join("\n"), { BF16: storage === "bf16" });
  const name = `test encode ${storage}`;
  const pipeline = await compileProgram(gpu, {
    name,
    code,
    entryPoint: "encodeAll",
    workgroupSize: 64,
  }, layout);
  const { STORAGE, COPY_DST, COPY_SRC } = GPUBufferUsage;
  const sizeBytes = bits.byteLength;
  const source = createBuffer(gpu, { label: "source", sizeBytes, usage: STORAGE | COPY_DST });
  const encoded = createBuffer(gpu, { label: "encoded", sizeBytes, usage: STORAGE | COPY_SRC });
  gpu.device.queue.writeBuffer(source, 0, bits.slice());
  const encoder = gpu.device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  const group = createBindGroup(gpu, layout, [{ buffer: source }, { buffer: encoded }]);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(Math.ceil(bits.length / 64));
  pass.end();
  gpu.device.queue.submit([encoder.finish()]);
  const out = new Uint32Array(await readBack(gpu, [{ buffer: encoded, sizeBytes }]));
  source.destroy();
  encoded.destroy();
  return out;
}

/** Midpoints of neighbours of a type, and the float32 beside each; all of float32's specials. */
function hardBits(storage: StorageType): Uint32Array {
  const values = decodingTable(storage);
  const float = new Float32Array(1);
  const word = new Uint32Array(float.buffer);
  const all: number[] = [
    0x00000000,
    0x80000000,
    0x00000001,
    0x7f7fffff,
    0x7f800000,
    0xff800000,
    0x7f800001,
    0x7fc00000,
    0x7fffffff,
    0xff800001,
    0xffffffff,
    0x7f80ffff,
  ];
  for (let bits = 0; bits < 0x7f80; bits += 61) {
    for (const low of [bits, bits + 1, bits + 2]) {
      const [a, b] = [values[low], values[low + 1]];
      if (!Number.isFinite(a) || !Number.isFinite(b)) continue;
      float[0] = (a + b) / 2;
      all.push(word[0], word[0] + 1, word[0] - 1, word[0] | 0x80000000);
    }
  }
  const random = createRandom(9);
  for (let i = 0; i < 4096; i++) all.push(random.nextUint32());
  return Uint32Array.from(all, (bits) => bits >>> 0);
}

/** Subnormal float32 may be flushed by WGSL; everything else is exact. */
function isFlushable(bits: number): boolean {
  return (bits & 0x7f800000) === 0 && (bits & 0x007fffff) !== 0;
}

testWithGpu("encode() gives the host's bits at every midpoint, and NaN for NaN", async (gpu) => {
  for (const storage of ["bf16", "f16"] as const) {
    const bits = hardBits(storage);
    const values = new Float32Array(bits.buffer);
    const encoded = await encodeOnGpu(gpu, storage, bits);
    const decoded = decodingTable(storage);
    bits.forEach((word, i) => {
      const at = `${storage} of 0x${word.toString(16)} is 0x${encoded[i].toString(16)}`;
      if (Number.isNaN(values[i])) {
        assert.ok(Number.isNaN(decoded[encoded[i]]), at);
      } else if (!isFlushable(word)) {
        assert.equal(encoded[i], encodeValue(storage, values[i]), at);
      }
    });
  }
});
