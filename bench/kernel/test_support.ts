/** A kernel result that no device was needed for. */

import type { KernelCase } from "./case.ts";
import { builtinKernelCases } from "./case_file.ts";
import { kernelFigures } from "./figures.ts";
import { judgeKernelGoals } from "./goals.ts";
import type { KernelCaseResult, KernelOutcome, KernelResult } from "./result_schema.ts";
import { buildKernelStep, kernelLayerBytes } from "./step.ts";

/** A built-in case. */
export function builtinCase(name: string): KernelCase {
  return builtinKernelCases().find((each) => each.name === name)!;
}

/** A ceiling of round numbers. */
export const CEILINGS = { memoryBytesPerSecond: 1e9, flopsPerSecond: 1e11 };

/** A case that took so long, with made-up details. */
export function timedCase(name: string, samplesMs: readonly number[]): KernelCaseResult {
  const kernelCase = builtinCase(name);
  const { work } = buildKernelStep(kernelCase, { seed: 1, layers: 2 });
  const outcome: KernelOutcome = {
    kind: "timed",
    samplesMs,
    worstBudgetUsed: 0.1,
    keysRead: work.keyValueBytes / 256,
    items: { "2": 6 },
    splitRows: 0,
    dispatches: 1,
    host: { planMs: 0.01, uploadMs: 0.02, recordMs: 0.03 },
    tuning: null,
    figures: kernelFigures(samplesMs, { work, ceilings: CEILINGS, emptyChainMs: 0.005 }),
  };
  return {
    case: kernelCase,
    work,
    layers: 2,
    cacheBytes: 2 * kernelLayerBytes(kernelCase),
    outcome,
  };
}

/** A result of two timed cases, one that was skipped, and peers. */
export function tinyKernelResult(): KernelResult {
  const skipped = timedCase("smoke-speculative", [1]);
  const cases: KernelCaseResult[] = [
    timedCase("smoke-decode", [0.5, 0.4, 0.6]),
    timedCase("smoke-window", [0.3, 0.3, 0.3]),
    { ...skipped, outcome: { kind: "skipped", reason: "the caches take 2.0 GB" } },
    timedCase("smoke-prefill", [2, 2, 2.5]),
  ];
  const ceilings = { ...CEILINGS, spread: { memory: 1.01, flops: 1.02 }, bytesRead: 1024 };
  const peers: KernelResult["peers"] = {
    peers: [
      { peer: "sdpa-flash", version: "PyTorch 1.2.3 on a GPU", absent: null },
      { peer: "sdpa-cudnn", version: null, absent: "there is no python3" },
    ],
    results: [
      {
        peer: "sdpa-flash",
        case: "smoke-decode",
        outcome: { kind: "timed", samplesMs: [0.25], medianMs: 0.25, note: "dense" },
      },
      {
        peer: "sdpa-flash",
        case: "smoke-prefill",
        outcome: { kind: "skipped", reason: "no mask" },
      },
    ],
  };
  return {
    kind: "headwise/kernel-result",
    schemaVersion: 1,
    createdAt: "2026-01-02T03:04:05.000Z",
    environment: { os: "linux", arch: "x86_64", deno: "2", v8: "1", adapter: "a <GPU>" },
    adapter: {
      vendor: "v",
      architecture: "",
      device: "",
      description: "a <GPU>",
      subgroupMinSize: 32,
      subgroupMaxSize: 32,
      features: ["subgroups"],
      isSoftware: false,
      subgroupSize: 32,
      dialect: "naga",
    },
    options: { runs: 3, checks: 4, seed: 1, maxGigabytes: 100, tuning: "default" },
    ceilings: { before: ceilings, after: ceilings, ...CEILINGS },
    cases,
    peers,
    goals: judgeKernelGoals(cases, peers),
  };
}
