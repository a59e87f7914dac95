import assert from "node:assert/strict";
import { closeGpu, type Gpu, openGpu } from "../../kernel/mod.ts";
import type { Outcome } from "../outcome.ts";
import { parseQuery } from "../query.ts";
import { caseRows } from "../report.ts";
import { runConformance } from "../run.ts";
import { createWebGpuSubject } from "./webgpu.ts";

const probe = await openGpu();
if (probe.kind === "gpu") closeGpu(probe.gpu);
const missing = probe.kind === "gpu" ? "" : ` [SKIPPED: ${probe.reason}; ${probe.fix}]`;

type Fault = (gpu: Gpu) => void;

/** Judges a few cases; before the third, something happens to the device. */
async function judge(fault: Fault, isThere = true) {
  const first = await openGpu({ waitMs: 20_000 });
  assert.ok(first.kind === "gpu");
  const opened = [first.gpu];
  const subject = createWebGpuSubject(first.gpu, {
    reopen: async () => {
      const again = await openGpu();
      if (!isThere || again.kind !== "gpu") {
        if (again.kind === "gpu") closeGpu(again.gpu);
        return { kind: "unavailable", reason: "No WebGPU adapter answered", fix: "plug it in" };
      }
      opened.push(again.gpu);
      return again;
    },
  });
  let cases = 0;
  const { rows, summary } = await runConformance({
    subject,
    filters: [parseQuery("kernel:append:rows:*")],
    onRow: (row) => {
      if (row.kind === "case" && ++cases === 2) fault(first.gpu);
    },
  });
  opened.forEach(closeGpu);
  return {
    outcomes: caseRows(rows).map(({ outcome }) => outcome),
    summary,
    devices: opened.length,
  };
}

function errorOf(outcome: Outcome): { origin: string; code: string; message: string } {
  assert.ok(outcome.kind === "error", outcome.kind);
  return outcome;
}

function testOnDevice(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `${name}${missing}`, ignore: missing !== "", fn });
}

testOnDevice(
  "createWebGpuSubject() loses one case with its device, and opens another",
  async () => {
    const { outcomes, summary, devices } = await judge((gpu) => gpu.device.destroy());
    const { origin, code, message } = errorOf(outcomes[2]!);
    assert.deepEqual([origin, code], ["subject", "crash"]);
    assert.match(message, /Device lost/);
    assert.equal(summary.subjectErrors, 1);
    assert.equal(summary.suiteErrors + summary.failed, 0);
    assert.equal(summary.passed, 7);
    assert.equal(devices, 2);
  },
);

testOnDevice(
  "createWebGpuSubject() calls a device that never answers a timeout, and continues",
  async () => {
    const { outcomes, summary } = await judge((gpu) => {
      const createBuffer = gpu.device.createBuffer.bind(gpu.device);
      Object.assign(gpu, { waitMs: 100 });
      gpu.device.createBuffer = (descriptor) => {
        const buffer = createBuffer(descriptor);
        buffer.mapAsync = () => new Promise(() => {});
        return buffer;
      };
    });
    const { origin, code, message } = errorOf(outcomes[2]!);
    assert.deepEqual([origin, code], ["subject", "timeout"]);
    assert.match(message, /did not answer within 100 ms/);
    assert.equal(summary.subjectErrors, 1);
  },
);

testOnDevice("createWebGpuSubject() keeps its device when only a program is refused", async () => {
  const { outcomes, summary, devices } = await judge((gpu) => {
    gpu.pipelines.clear();
    const createShaderModule = gpu.device.createShaderModule.bind(gpu.device);
    gpu.device.createShaderModule = () => {
      gpu.device.createShaderModule = createShaderModule;
      return createShaderModule({ code: "fn main( {" });
    };
  });
  const { origin, code, message } = errorOf(outcomes[2]!);
  assert.deepEqual([origin, code], ["subject", "exception"]);
  assert.match(message, /GpuError: Cannot compile program/);
  assert.ok(summary.passed > 2);
  assert.equal(devices, 1);
});

testOnDevice("createWebGpuSubject() says in every case that the adapter has vanished", async () => {
  const { outcomes, summary } = await judge((gpu) => gpu.device.destroy(), false);
  for (const outcome of outcomes.slice(3)) {
    const { origin, code, message } = errorOf(outcome);
    assert.deepEqual([origin, code], ["subject", "crash"]);
    assert.match(message, /cannot be opened again: No WebGPU adapter answered; plug it in/);
  }
  assert.equal(summary.passed, 2);
  assert.equal(summary.suiteErrors, 0);
});
