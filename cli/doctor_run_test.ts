import assert from "node:assert/strict";
import { type Examination, renderExamination } from "./doctor_run.ts";
import { createPaint } from "./paint.ts";
import { capture } from "./testing_context.ts";

const RUNTIME = { deno: "2.9.6", v8: "15.0", platform: "linux x86_64" };

const ADAPTER: NonNullable<Examination["adapter"]> = {
  description: "llvmpipe",
  isSoftware: true,
  hasTimestamps: true,
  subgroupSize: 8,
  features: ["subgroups", "timestamp-query"],
  maxBindingBytes: 2 ** 27,
  maxBufferBytes: 2 ** 31,
  maxWorkgroupInvocations: 1024,
};

const CEILINGS = {
  memoryBytesPerSecond: 4.1e12,
  flopsPerSecond: 58e12,
  spread: { memory: 1.02, flops: 1.1 },
  bytesRead: 2 ** 30,
};

Deno.test("renderExamination() shows the adapter with features and limits", () => {
  const lines = renderExamination(
    { runtime: RUNTIME, adapter: ADAPTER, ceilings: CEILINGS, finding: null },
    createPaint(false),
  );
  assert.deepEqual(lines, [
    "ready",
    "",
    "deno                  2.9.6, v8 15.0, linux x86_64",
    "adapter               llvmpipe (software: its times say nothing of a GPU)",
    "timestamps            yes",
    "subgroups             of 8 lanes",
    "features              subgroups, timestamp-query",
    "largest binding       128 MiB",
    "largest buffer        2 GiB",
    "lanes of a workgroup  1024",
    "memory, measured      4.10 TB/s (slowest run 1.02 times the fastest)",
    "f32, measured         58.0 TFLOP/s (slowest run 1.10 times the fastest)",
  ]);
});

Deno.test("renderExamination() starts with what mends it when no adapter answers", () => {
  const finding = { reason: "No WebGPU adapter answered", fix: "run `deno task setup`" };
  const examination = { runtime: RUNTIME, adapter: null, ceilings: null, finding };
  const lines = renderExamination(examination, createPaint(false));
  assert.equal(lines[0], "No WebGPU adapter answered: run `deno task setup`");
  assert.equal(lines.at(-1), "adapter  none; 'headwise bench' uses the model clock");
});

Deno.test("doctor exits 0 with an adapter and 1 without, and says so in JSON", async () => {
  const { exitCode, stdout } = await capture(["doctor", "--json"]);
  const { adapter, finding } = JSON.parse(stdout);
  assert.equal(exitCode, adapter === null ? 1 : 0);
  if (adapter === null) assert.match(finding.fix, /deno task setup/);
});
