import assert from "node:assert/strict";
import { randomProblem } from "../random_problem.ts";
import { attendOnGpu } from "./attend_on_gpu.ts";
import { captureStep } from "./capture.ts";
import { closeGpu, createBuffer, type Gpu, GpuError, openGpu } from "./gpu.ts";
import { readBack } from "./read_back.ts";
import { GPU_MISSING } from "./testing.ts";
import { type FaultyProvider, faultyProvider } from "./testing_faults.ts";

const PROBLEM = randomProblem({
  seed: 1,
  queryLengths: [1, 1],
  cachedLengths: [31, 31],
  pageOrder: "identity",
  shape: {
    batch: 2,
    queryHeads: 4,
    kvHeads: 2,
    headSize: 64,
    pageSizeTokens: 16,
    pages: 4,
    columns: 2,
    layout: "headwise",
    storage: "bf16",
  },
});

function testWithFaults(
  name: string,
  run: (gpu: Gpu, faults: FaultyProvider) => Promise<void>,
): void {
  Deno.test({
    name: `${name}${GPU_MISSING === null ? "" : ` [SKIPPED: ${GPU_MISSING}]`}`,
    ignore: GPU_MISSING !== null,
    fn: async () => {
      const faults = faultyProvider();
      const outcome = await openGpu({ provider: faults.provider, waitMs: 20_000 });
      assert.ok(outcome.kind === "gpu");
      try {
        await run(outcome.gpu, faults);
      } finally {
        closeGpu(outcome.gpu);
      }
    },
  });
}

const attend = (gpu: Gpu): Promise<unknown> => attendOnGpu(gpu, PROBLEM, { walk: "visible" });

function fails(work: Promise<unknown>, code: GpuError["code"], message: RegExp): Promise<void> {
  return assert.rejects(work, (error) => {
    assert.ok(error instanceof GpuError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}

testWithFaults(
  "answered() gives a wait up that no device answers, and the device with it",
  async (gpu, faults) => {
    await attend(gpu);
    faults.next("hang");
    const hurried = { ...gpu, waitMs: 60 };
    await fails(attend(hurried), "timeout", /did not answer within 60 ms while reading back; run/);
    await fails(attend(gpu), "device-lost", /did not answer within 60 ms/);
  },
);

testWithFaults("answered() gives up a replay that hangs", async (gpu, faults) => {
  const step = await captureStep({ ...gpu, waitMs: 300 }, PROBLEM);
  faults.next("hang");
  await fails(step.replay(PROBLEM), "timeout", /reading back a replay/);
  step.destroy();
});

testWithFaults(
  "answered() says that the device is lost, now and ever after",
  async (gpu, faults) => {
    await attend(gpu);
    faults.next("lost");
    await fails(attend(gpu), "device-lost", /Device lost.*; run it again/);
    await fails(attend(gpu), "device-lost", /Device lost/);
  },
);

testWithFaults(
  "answered() says that a device is lost that was destroyed between two steps",
  async (gpu) => {
    await attend(gpu);
    gpu.device.destroy();
    await fails(attend(gpu), "device-lost", /Device lost/);
  },
);

testWithFaults(
  "throwFaults() names a lack of memory and how to fix it, and is done with it",
  async (gpu, faults) => {
    faults.next("out-of-memory");
    await fails(attend(gpu), "out-of-memory", /Not enough memory left; use fewer pages/);
    await attend(gpu);
  },
);

testWithFaults("createBuffer() refuses what no device of this adapter holds", (gpu) => {
  const usage = GPUBufferUsage.STORAGE;
  assert.throws(
    () => createBuffer(gpu, { label: "cache", sizeBytes: 2 ** 46, usage }),
    { name: "GpuError", code: "limit", message: /"cache" of 70368744177664 bytes.*use fewer/ },
  );
  return Promise.resolve();
});

testWithFaults(
  "compileProgram() gives the compiler's message, and the next program compiles",
  async (gpu, faults) => {
    faults.next("compile");
    await fails(attend(gpu), "compile", /Cannot compile program "\w[^"]*": .*/s);
    const other = await openGpu({ provider: faults.provider });
    assert.ok(other.kind === "gpu");
    await attend(other.gpu);
    closeGpu(other.gpu);
  },
);

testWithFaults("answered() names what was asked for where the device only refuses", async (gpu) => {
  const usage = GPUBufferUsage.STORAGE;
  // It cannot be copied from.
  const buffer = createBuffer(gpu, { label: "sealed", sizeBytes: 16, usage });
  await fails(readBack(gpu, [{ buffer, sizeBytes: 16 }]), "validation", /report it/);
  buffer.destroy();
});

testWithFaults(
  "openGpu() says that no adapter answers once the adapter has vanished",
  async (_, faults) => {
    faults.vanish();
    const again = await openGpu({ provider: faults.provider });
    assert.ok(again.kind === "unavailable");
    assert.match(again.reason, /No WebGPU adapter answered/);
  },
);
