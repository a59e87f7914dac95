/** Results of every kind, for the tests of reports. */

import { tinyKernelResult } from "../kernel/test_support.ts";
import type { LivePerformance, LiveResult, LiveSide } from "../live/live_schema.ts";
import { createSweepHeader } from "../sweep/file.ts";
import type { Sweep, SweepRow } from "../sweep/types.ts";
import { tinyResult } from "../run/test_support.ts";
import type { ReportInput } from "./report_input.ts";

/** A benchmark with all six sides. */
export const BENCH = await tinyResult();

const LIVE_PERFORMANCE: LivePerformance = {
  ttftMs: { count: 2, mean: 15, min: 10, p50: 15, p90: 19, p95: 20, p99: 20, p999: null, max: 20 },
  serviceTtftMs: null,
  clientQueueMs: null,
  tbtMs: null,
  chunkGapMs: null,
  tpotMs: null,
  endToEndMs: null,
  exactChunkRequests: 0,
  durationMs: 100,
  completed: 2,
  failed: 1,
  requestsPerSecond: 20,
  outputTokensPerSecond: null,
  goodputPerSecond: null,
  goodShare: null,
  peakInFlight: 2,
  promptTokens: { asked: 100, counted: 125 },
  outputTokens: { asked: 100, counted: null },
};

function liveSide(role: LiveSide["role"], ttftMs: readonly (number | null)[]): LiveSide {
  return {
    role,
    url: `http://127.0.0.1:1/${role}`,
    model: "m",
    runs: [{
      pair: 0,
      order: 0,
      performance: LIVE_PERFORMANCE,
      errors: [{ request: 1, kind: "timeout", message: "no byte, for 5 s" }],
      samples: { ttftMs, clientQueueMs: ttftMs, tpotMs: ttftMs, endToEndMs: ttftMs },
    }],
  };
}

/** A live run of two servers, with a request that failed. */
export const LIVE: LiveResult = {
  kind: "headwise/live-result",
  schemaVersion: 1,
  createdAt: "2026-01-02T03:04:05.000Z",
  environment: { os: "linux", arch: "x86_64", deno: "2", v8: "1", adapter: null },
  workload: { name: "tiny", sha256: "0" },
  requests: { count: 3, trace: null, sha256: null, dropped: {} },
  settings: {
    api: "chat",
    promptAs: "text",
    maxInFlight: 4,
    timeScale: 1,
    requestTimeoutMs: 1,
    idleTimeoutMs: 1,
    warmupRequests: 0,
    pairs: 1,
    ignoreEos: true,
    seed: 1,
    objectives: null,
  },
  formulas: {},
  sides: [liveSide("endpoint", [10, null, 20]), liveSide("against", [30, null, 40])],
  gate: {
    gate: "gate/live",
    verdict: "INCONCLUSIVE",
    reasons: ["one pair decides nothing"],
    pairs: 1,
    comparisons: BENCH.readGate!.comparisons,
  },
};

function sweepRow(index: number, o: Partial<SweepRow> = {}): SweepRow {
  const side = (name: "uniform" | "headwise", meanTtftMs: number) => ({
    name,
    meanTtftMs,
    meanTbtMs: 2,
    outputTokensPerSecond: 10,
    meanConcurrency: 2,
    preemptions: 0,
    failedRequests: 0,
  });
  return {
    kind: "point",
    index,
    point: {
      windowTokens: [16, 32][index],
      ratio: null,
      contextTokens: null,
      batch: null,
      pageSizeTokens: null,
    },
    clock: "model",
    verdicts: { "gate/read": "PASS" },
    sides: [side("uniform", 10), side("headwise", 8)],
    error: null,
    ...o,
  };
}

/** A sweep of two points, one of which could not be replayed. */
export const SWEEP: Sweep = {
  header: createSweepHeader({
    fixture: "smoke",
    fixtureSha256: "0",
    modelSha256: "0",
    gates: ["gate/read"],
    clock: "model",
    pairs: null,
    seed: null,
    axes: { windowTokens: [16, 32], ratio: [], contextTokens: [], batch: [], pageSizeTokens: [] },
  }),
  rows: [
    sweepRow(0),
    sweepRow(1, { clock: null, verdicts: {}, sides: [], error: "no page is large enough" }),
  ],
};

/** A file of each kind. */
export const INPUTS: readonly ReportInput[] = [
  { kind: "bench", file: "bench.json", result: BENCH },
  { kind: "live", file: "live.json", result: LIVE },
  { kind: "kernel", file: "kernel.json", result: tinyKernelResult() },
  { kind: "sweep", file: "sweep.jsonl", result: SWEEP },
  { kind: "comparison", file: "gate.json", result: BENCH.readGate! },
];

/** The benchmark as version 1 had it. */
export function withoutRecordings(): Extract<ReportInput, { kind: "bench" }> {
  const sides = BENCH.sides.map((side) => ({
    ...side,
    runs: side.runs.map((run) => ({ ...run, tokenGaps: null, timeline: null })),
  }));
  const result = { ...BENCH, sides, requestList: null, commandLine: null };
  return { kind: "bench", file: "old.json", result };
}
