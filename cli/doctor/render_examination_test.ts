import assert from "node:assert/strict";
import { createPaint } from "../terminal/paint.ts";
import type { Examination } from "./examine.ts";
import { findingOf } from "./finding.ts";
import { renderExamination } from "./render_examination.ts";

const STYLE = { paint: createPaint(false), columns: 100 };

const EXAMINATION: Examination = {
  ready: true,
  clock: "gpu",
  runtime: { deno: "2.9.6", v8: "15.0", platform: "linux x86_64" },
  adapter: {
    description: "llvmpipe",
    isSoftware: true,
    hasTimestamps: true,
    subgroupSize: 8,
    matrixSize: null,
    features: ["subgroups", "timestamp-query"],
    maxBindingBytes: 2 ** 27,
    maxBufferBytes: 2 ** 31,
    maxWorkgroupInvocations: 1024,
  },
  ceilings: {
    memoryBytesPerSecond: 4.1e12,
    flopsPerSecond: 58e12,
    spread: { memory: 1.02, flops: 1.1 },
    bytesRead: 2 ** 30,
  },
  findings: [
    findingOf({ name: "Deno", why: "it runs headwise" }, { state: "ok", detail: "2.9.6" }),
    findingOf({ name: "torch", why: "peers" }, {
      state: "missing",
      detail: "not installed",
      fix: "python3 -m pip install torch",
    }),
  ],
};

Deno.test("renderExamination() shows findings, what fixes them, and the adapter", () => {
  assert.deepEqual(renderExamination(EXAMINATION, STYLE), [
    "ready  'headwise bench' can run, with the gpu clock",
    "",
    "ok       Deno   2.9.6",
    "missing  torch  not installed",
    "                for: peers",
    "                fix: python3 -m pip install torch",
    "",
    "runtime               Deno 2.9.6, v8 15.0, linux x86_64",
    "adapter               llvmpipe",
    "subgroups             of 8 lanes",
    "matrices              none",
    "features              subgroups, timestamp-query",
    "largest binding       128 MiB",
    "largest buffer        2 GiB",
    "lanes of a workgroup  1024",
    "memory, measured      4.10 TB/s (slowest run 1.02 times the fastest)",
    "f32, measured         58.0 TFLOP/s (slowest run 1.10 times the fastest)",
  ]);
});

Deno.test("renderExamination() says when the main job cannot run, without an adapter too", () => {
  const lines = renderExamination(
    { ...EXAMINATION, ready: false, adapter: null, ceilings: null },
    STYLE,
  );
  assert.equal(lines[0], "not ready  'headwise bench' cannot run");
  assert.match(lines.at(-1)!, /^runtime/);
});
