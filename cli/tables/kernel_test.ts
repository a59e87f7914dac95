import assert from "node:assert/strict";
import type { KernelFigures, KernelResult } from "../../bench/mod.ts";
import { builtinKernelCases } from "../../bench/mod.ts";
import { renderKernelResult } from "./kernel.ts";
import { createPaint } from "../terminal/paint.ts";
import { visibleWidth } from "../terminal/table.ts";

const [first, second, third] = builtinKernelCases();
const WORK = {
  keyValueBytes: 1,
  tableBytes: 1,
  queryOutputBytes: 1,
  bytes: 3,
  flops: 4,
  walkedBytes: 3,
};
const FIGURES: KernelFigures = {
  medianMs: 0.25,
  quartilesMs: [0.24, 0.26],
  spread: 1.05,
  bytesPerSecond: 4.5e12,
  flopsPerSecond: 2.2e13,
  bound: "memory",
  idealMs: 0.2,
  ceilingShare: 0.8,
  emptyChainMs: 0.01,
  overheadMicroseconds: 40,
};
const CEILINGS = {
  memoryBytesPerSecond: 5e12,
  flopsPerSecond: 6e13,
  spread: { memory: 1.1, flops: 1.2 },
  bytesRead: 1,
};

const RESULT: KernelResult = {
  kind: "headwise/kernel-result",
  schemaVersion: 1,
  createdAt: "2026-01-02T03:04:05.000Z",
  environment: { os: "", arch: "", deno: "", v8: "", adapter: "a GPU" },
  adapter: {
    vendor: "",
    architecture: "",
    device: "",
    description: "a GPU",
    subgroupMinSize: 32,
    subgroupMaxSize: 32,
    features: [],
    isSoftware: false,
    subgroupSize: 32,
    dialect: "naga",
  },
  options: { runs: 1, checks: 1, seed: 1, maxGigabytes: 100, tuning: "default" },
  ceilings: { before: CEILINGS, after: CEILINGS, ...CEILINGS },
  cases: [
    {
      case: first,
      work: WORK,
      layers: 2,
      cacheBytes: 1,
      outcome: {
        kind: "timed",
        samplesMs: [0.25],
        worstBudgetUsed: 0.1,
        keysRead: 1,
        items: { "5": 1024 },
        splitRows: 1,
        dispatches: 2,
        host: { planMs: 0.1, uploadMs: 0.2, recordMs: 0.3 },
        tuning: null,
        figures: FIGURES,
      },
    },
    {
      case: second,
      work: WORK,
      layers: 2,
      cacheBytes: 1,
      outcome: { kind: "wrong", reason: "slot 3, KV head 1" },
    },
    {
      case: third,
      work: WORK,
      layers: 2,
      cacheBytes: 1,
      outcome: { kind: "skipped", reason: "the caches take 200.0 GB" },
    },
  ],
  peers: {
    peers: [
      { peer: "sdpa-flash", version: "PyTorch 9", absent: null },
      { peer: "sdpa-cudnn", version: null, absent: "there is no python3" },
      { peer: "flex-attention", version: null, absent: "there is no python3" },
    ],
    results: [{
      peer: "sdpa-flash",
      case: first.name,
      outcome: { kind: "timed", samplesMs: [0.3], medianMs: 0.3, note: "dense" },
    }],
  },
  goals: [
    { case: first.name, goal: { kind: "ceiling", atLeast: 0.9 }, value: 0.8, met: false },
    {
      case: first.name,
      goal: { kind: "peer", peer: "sdpa-flash", atLeast: 1 },
      value: 1.2,
      met: true,
    },
    {
      case: third.name,
      goal: { kind: "times", case: second.name, atMost: 0.667 },
      value: null,
      met: null,
    },
  ],
};

Deno.test("renderKernelResult() tells the larger spread of the ceilings, before and after", () => {
  for (const [before, after] of [[1.1, 1.4], [1.4, 1.1]]) {
    const spread = (memory: number) => ({ ...CEILINGS, spread: { memory, flops: 1 } });
    const ceilings = { ...RESULT.ceilings, before: spread(before!), after: spread(after!) };
    const style = { paint: createPaint(false), columns: 100 };
    const [head] = renderKernelResult({ ...RESULT, ceilings }, style);
    assert.match(head!, /\(spread 1\.40\)/);
  }
});

Deno.test("renderKernelResult() shows figures, reasons, peers and goals", () => {
  const lines = renderKernelResult(RESULT, { paint: createPaint(false), columns: 100 });
  const row = lines.find((line) => line.startsWith(first.name))!;
  assert.match(row, / 250 µs +1\.05 +4\.50 TB\/s +22\.0 TFLOP\/s +80\.0 % mem +40\.0 µs +600 µs$/);
  assert.ok(lines.includes(`${second.name}: wrong: slot 3, KV head 1`));
  assert.ok(lines.includes(`${third.name}: skipped: the caches take 200.0 GB`));
  assert.ok(lines.includes("sdpa-cudnn, flex-attention: absent: there is no python3"));
  assert.ok(lines.some((line) => /250 µs +300 µs ×1\.20 \*$/.test(line)));
  assert.ok(lines.includes(`* sdpa-flash on ${first.name}: dense`));
  assert.ok(lines.some((line) => /^missed .*≥ 90\.0 % of the ceiling +80\.0 %$/.test(line)));
  assert.ok(lines.some((line) => /^met .*≥ 1\.000 × as fast as sdpa-flash +1\.200 ×$/.test(line)));
  assert.ok(lines.some((line) => /^– .* –$/.test(line)));
  const table = lines.slice(0, lines.findIndex((line) => line.startsWith("goal")));
  for (const line of table) assert.ok(visibleWidth(line) <= 110, line);
});

Deno.test("renderKernelResult() says so when the adapter is software", () => {
  const adapter = { ...RESULT.adapter, isSoftware: true };
  const style = { paint: createPaint(false), columns: 100 };
  const [headline] = renderKernelResult({ ...RESULT, adapter, peers: null }, style);
  assert.match(headline, /software: its times say nothing of a GPU/);
});
