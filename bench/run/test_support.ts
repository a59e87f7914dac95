/** Small workloads, clocks and results that the tests of this folder share. */

import { createAllocator, type HeadMap, headMapFromPattern } from "../../allocator/mod.ts";
import type { Layout } from "../../allocator/mod.ts";
import type { SchedulerSettings, TraceRequest, Workload } from "../../fixtures/mod.ts";
import type { Ranks } from "../scheduler/ranks.ts";
import type { BenchResult, RunResult, Summary } from "../result/mod.ts";
import { runBench } from "./run_bench.ts";
import type { SideName } from "../result/sides.ts";
import type { StepBatch, StepCheck, StepClock } from "../clock/step_clock.ts";

/** Scheduler settings of a small engine. */
export function tinyScheduler(changes: Partial<SchedulerSettings> = {}): SchedulerSettings {
  return {
    maxSequences: 2,
    maxBatchedTokens: 32,
    preallocatedPages: 0,
    modelLengthTokens: 256,
    chunkedPrefill: true,
    reserve: { kind: "none" },
    profile: "reference",
    admission: "prompt",
    longPrefillTokens: 0,
    watermarkRatio: 0,
    mixChunks: false,
    overlap: false,
    ...changes,
  };
}

/** A head map with one window head of two. */
export function tinyHeads(changes: { ratio?: number; windowTokens?: number } = {}): HeadMap {
  return headMapFromPattern({
    layers: 2,
    kvHeads: 2,
    pattern: "first",
    ratio: changes.ratio ?? 0.5,
    windowTokens: changes.windowTokens ?? 32,
    sinkTokens: 0,
  });
}

/** A workload of a model with two layers and two KV heads. */
export function tinyWorkload(changes: Partial<Workload> = {}): Workload {
  return {
    name: "tiny",
    description: "A tiny model",
    model: {
      name: "tiny-model",
      source: ["made up"],
      sourceSha256: "1".repeat(64),
      layers: 2,
      hiddenSize: 128,
      queryHeads: 4,
      kvHeads: 2,
      headSize: 64,
      vocabularySize: 1000,
      tiedEmbeddings: true,
      maxPositions: 256,
      dtype: "bf16",
      scoreScale: null,
      rope: { style: "none", theta: 10000, windowTheta: null, rotaryDimensions: 64 },
      learnedSinks: false,
      feedForward: {
        denseLayers: 2,
        denseIntermediate: 256,
        experts: 0,
        expertsPerToken: 0,
        sharedExperts: 0,
        expertIntermediate: 0,
      },
      headMaps: {},
      defaultHeadMap: "half",
    },
    headMapName: "half",
    headMap: tinyHeads(),
    cache: { dtype: "bf16", pageSizeTokens: 16, pagesPerHead: 32, kvBytes: 0, prefixCache: false },
    scheduler: tinyScheduler({ maxSequences: 4, maxBatchedTokens: 64 }),
    tensorParallel: 1,
    weightBytesPerParameter: 2,
    speculative: null,
    requests: { kind: "list", list: [] },
    ceilings: { memoryBytesPerSecond: 1e9, flopsPerSecond: 1e12, note: "made up" },
    seed: 5,
    sourceSha256: "0".repeat(64),
    ...changes,
  };
}

/** Requests of various lengths at even distances, with three first prefix blocks among them. */
export function requestsAt(gapMs: number, count: number): TraceRequest[] {
  return Array.from({ length: count }, (_, id) => ({
    id,
    arrivalMs: id * gapMs,
    inputTokens: 20 + id * 37 % 120,
    outputTokens: 2 + id * 13 % 30,
    prefixBlocks: [id % 3],
  }));
}

/** Requests from [arrivalMs, inputTokens, outputTokens]. */
export function requestsOf(rows: readonly [number, number, number][]): TraceRequest[] {
  return rows.map(([arrivalMs, inputTokens, outputTokens], id) => ({
    id,
    arrivalMs,
    inputTokens,
    outputTokens,
  }));
}

/** Pools of a single rank, every operation of which is validated. */
export function tinyRanks(
  o: {
    readonly scheduler: SchedulerSettings;
    readonly pagesPerHead: number;
    readonly layout?: Layout;
    readonly recycle?: boolean;
    readonly heads?: HeadMap;
    readonly debug?: boolean;
  },
): Ranks {
  const measured = createAllocator({
    layout: o.layout ?? "headwise",
    heads: o.heads ?? tinyHeads(),
    slots: o.scheduler.maxSequences,
    pagesPerHead: o.pagesPerHead,
    pageSizeTokens: 16,
    modelLengthTokens: o.scheduler.modelLengthTokens,
    preallocatedPages: o.scheduler.preallocatedPages,
    recycle: o.recycle ?? false,
    pageOrder: { kind: "shuffled", seed: 3 },
    debug: o.debug ?? true,
  });
  return { all: [measured], measuredRank: 0, measured };
}

/** A clock of which the test keeps the batches that it was given. */
export interface RecordingClock extends StepClock {
  /** Every batch, arrays copied. */
  readonly batches: StepBatch[];
  /** Flushes so far. */
  readonly flushes: () => number;
}

/** A clock that takes 1 ms of attention a token and `restMs` of rest a step. */
export function tokenClock(
  o: { readonly restMs?: number; readonly maxPendingSteps?: number; readonly check?: StepCheck } =
    {},
): RecordingClock {
  const batches: StepBatch[] = [];
  let pending: number[] = [];
  let flushes = 0;
  return {
    kind: "model",
    deterministic: true,
    layersMeasured: null,
    maxPendingSteps: o.maxPendingSteps ?? Infinity,
    batches,
    flushes: () => flushes,
    enqueue(batch): void {
      batches.push({
        ...batch,
        queryLengths: batch.queryLengths.slice(),
        cachedLengths: batch.cachedLengths.slice(),
      });
      pending.push(batch.tokens);
    },
    flush() {
      flushes++;
      const attentionMs = Float64Array.from(pending);
      pending = [];
      return { attentionMs, restMs: new Float64Array(attentionMs.length).fill(o.restMs ?? 10) };
    },
    check: () => o.check ?? { ok: true, worstBudgetUsed: 0, message: "" },
    close(): void {},
  };
}

/** A result of a tiny run with all six sides. */
export function tinyResult(): Promise<BenchResult> {
  return runBench({
    workload: tinyWorkload(),
    trace: {
      name: "tiny.csv",
      sha256: "f".repeat(64),
      dropped: {},
      requests: requestsOf([[0, 100, 4], [0, 90, 5], [1, 120, 3]]),
    },
    gates: ["gate/read", "gate/capacity"],
    clock: { kind: "model", reason: null },
  });
}

/** Values that a side measured, one per pair. */
export interface SideValues {
  /** Mean TTFT in milliseconds. */
  readonly ttftMs: readonly (number | null)[];
  /** Mean TBT in milliseconds. */
  readonly tbtMs: readonly (number | null)[];
  /** Output tokens per second. */
  readonly tokensPerSecond?: readonly number[];
}

/** The result as a measuring clock would have left it, with these values on these sides. */
export function withValues(
  result: BenchResult,
  values: Partial<Record<SideName, SideValues>>,
): BenchResult {
  const sides = result.sides.map((side) => {
    const given = values[side.name];
    if (given === undefined) return { ...side, runs: side.runs.map(measuredAgain) };
    const runs = given.ttftMs.map((ttftMs, pair): RunResult => {
      const run = side.runs[0];
      const performance = run.performance!;
      const { whole } = performance;
      return {
        ...run,
        pair,
        performance: {
          ...performance,
          whole: {
            ttftMs: withMean(whole.ttftMs, measuredNearly(ttftMs)),
            tbtMs: withMean(whole.tbtMs, measuredNearly(given.tbtMs[pair])),
          },
          outputTokensPerSecond: measuredNearly(
            given.tokensPerSecond?.[pair] ?? performance.outputTokensPerSecond,
          ),
        },
      };
    });
    return { ...side, runs: runs.map(measuredAgain) };
  });
  const ceilings = { ...result.clock.ceilings, source: "measured" } as const;
  return {
    ...result,
    sides,
    environment: { ...result.environment, adapter: "a card of tests" },
    clock: { ...result.clock, kind: "gpu", deterministic: false, ceilings },
  };
}

let timesMeasured = 0;

/** No clock gives one ratio twice to the last bit, though the values that a test gives do. */
function measuredNearly(value: number | null): number | null {
  return value === null ? null : value * (1 + 1e-7 * (++timesMeasured ** 2 % 7));
}

/** No two measurements are the same in every value, though they are in those that a test gives. */
function measuredAgain(run: RunResult): RunResult {
  const { performance } = run;
  if (performance === null) return run;
  const attentionMs = performance.attentionMs + ++timesMeasured * 1e-6;
  return { ...run, performance: { ...performance, attentionMs } };
}

function withMean(summary: Summary | null, mean: number | null): Summary | null {
  return summary === null || mean === null ? null : { ...summary, mean };
}
