// host cost on the local adapter: uploads, records
import { openGpu, closeGpu } from "../kernel/mod.ts";
const out = await openGpu();
if (out.kind !== "gpu") Deno.exit(1);
const { device } = out.gpu;
const n = 262144;
const buf = device.createBuffer({ size: n * 4, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST });
const a = new Int32Array(n);
for (const words of [64, 1024, 16384, 65536, 262144]) {
  const t: number[] = [];
  for (let i = 0; i < 60; i++) { const s = performance.now(); device.queue.writeBuffer(buf, 0, a, 0, words); t.push(performance.now() - s); if (i % 10 === 9) { device.queue.submit([]); await device.queue.onSubmittedWorkDone(); } }
  console.log("write", words, (t.sort((x, y) => x - y)[30] * 1000).toFixed(1), "us");
}
const layout = device.createBindGroupLayout({ entries: [0, 1, 2, 3].map((binding) => ({ binding, visibility: 4, buffer: { type: "storage" as const } })) });
const bufs = [0, 1, 2, 3].map(() => device.createBuffer({ size: 4096, usage: GPUBufferUsage.STORAGE }));
const groups = Array.from({ length: 8 }, () => device.createBindGroup({ layout, entries: bufs.map((buffer, binding) => ({ binding, resource: { buffer } })) }));
const module = device.createShaderModule({ code: "@group(0) @binding(0) var<storage, read_write> a: array<u32>; @compute @workgroup_size(1) fn main() { a[0] = 1u; }" });
const pl = device.createPipelineLayout({ bindGroupLayouts: [layout] });
const pipes = [0, 1, 2].map(() => device.createComputePipeline({ layout: pl, compute: { module, entryPoint: "main" } }));
for (const [name, rec] of Object.entries({
  "3 pipelines, 3 groups": (p: GPUComputePassEncoder) => { for (let l = 0; l < 28; l++) for (let k = 0; k < 3; k++) { p.setPipeline(pipes[k]); p.setBindGroup(0, groups[(l * 3 + k) % 8]); p.dispatchWorkgroups(1); } },
  "1 pipeline, 3 groups": (p: GPUComputePassEncoder) => { p.setPipeline(pipes[0]); for (let l = 0; l < 28; l++) for (let k = 0; k < 3; k++) { p.setBindGroup(0, groups[(l * 3 + k) % 8]); p.dispatchWorkgroups(1); } },
  "dispatch only": (p: GPUComputePassEncoder) => { p.setPipeline(pipes[0]); p.setBindGroup(0, groups[0]); for (let l = 0; l < 84; l++) p.dispatchWorkgroups(1); },
  "2 pipelines": (p: GPUComputePassEncoder) => { for (let l = 0; l < 28; l++) for (let k = 0; k < 2; k++) { p.setPipeline(pipes[k]); p.setBindGroup(0, groups[(l * 3 + k) % 8]); p.dispatchWorkgroups(1); } },
})) {
  const t: number[][] = [[], [], []];
  for (let i = 0; i < 40; i++) {
    const s = performance.now();
    const e = device.createCommandEncoder(); const p = e.beginComputePass(); rec(p); p.end(); const m = performance.now();
    const c = e.finish(); const f = performance.now(); device.queue.submit([c]); const z = performance.now();
    t[0].push(m - s); t[1].push(f - m); t[2].push(z - f);
    await device.queue.onSubmittedWorkDone();
  }
  console.log(name, t.map((x) => (x.sort((a, b) => a - b)[20] * 1000).toFixed(0)).join(" "), "us record finish submit");
}
closeGpu(out.gpu);
