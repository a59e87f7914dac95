/** One benchmark run: every side replayed in turn, checked, measured and judged. */

import { type HeadMap, shardHeadMap } from "../allocator/mod.ts";
import { synthesizeRequests, type TraceRequest } from "../fixtures/mod.ts";
import { BenchError } from "./bench_error.ts";
import type { BenchOptions, BenchProgress } from "./bench_options.ts";
import { predictCapacity } from "./capacity_prediction.ts";
import { describeEnvironment } from "./environment.ts";
import { METRIC_FORMULAS } from "./formulas.ts";
import { gateRead } from "./gate.ts";
import { gateCapacity } from "./gate_capacity.ts";
import { createGpuClock } from "./gpu_clock.ts";
import { measure } from "./metrics.ts";
import { createModelClock } from "./model_clock.ts";
import { interleaveSides } from "./pair_order.ts";
import { createRanks, findMeasuredRank, type Ranks } from "./ranks.ts";
import { replay } from "./replay.ts";
import type { LoggedCheck } from "./replay_state.ts";
import { describeRestOfLayer, type RestOfLayer, restOfLayer } from "./rest_of_layer.ts";
import {
  type BenchResult,
  RESULT_SCHEMA_VERSION,
  type ResultCeilings,
  type ResultOptions,
  type RunResult,
} from "./result_types.ts";
import { type Side, type SideName, sidesOfGates } from "./sides.ts";
import type { StepClock } from "./step_clock.ts";

/** Everything that all replays of a run share. */
interface Bench {
  readonly options: BenchOptions;
  readonly resolved: ResultOptions;
  readonly requests: readonly TraceRequest[];
  readonly sides: readonly Side[];
  readonly measuredRank: number;
  readonly heads: HeadMap;
  readonly ceilings: ResultCeilings;
  readonly rest: RestOfLayer;
}

/** Checks of one replay, with the side that they belong to. */
interface SideCheck extends LoggedCheck {
  readonly side: SideName;
}

/**
 * Replays the workload on every side that the gates need, in interleaved pairs, and judges them.
 * The same requests, page ranks and page order are used on every side. Outputs of sampled steps
 * are checked on the way; if one is wrong, nothing is timed.
 *
 * @example A tiny workload with the model clock
 * ```ts
 * import assert from "node:assert/strict";
 * import { runBench } from "@headwise/headwise/bench";
 * import { loadWorkload, requireLoaded } from "@headwise/headwise/fixtures";
 *
 * const workload = requireLoaded(await loadWorkload("smoke"));
 * const requests = [{ id: 0, arrivalMs: 0, inputTokens: 100, outputTokens: 3 }];
 * const result = await runBench({
 *   workload,
 *   trace: { name: "one.csv", sha256: "", dropped: {}, requests },
 *   ceilings: { memoryBytesPerSecond: 1e12, flopsPerSecond: 1e14, note: "example" },
 *   clock: { kind: "model", reason: null },
 * });
 * assert.equal(result.sides[0].runs[0].performance?.whole.ttftMs?.count, 1);
 * ```
 *
 * @param options Workload, clock, gates and repetitions.
 * @returns The result, ready to be stored.
 * @throws {BenchError} When options contradict each other, ranks disagree or the run is stopped.
 */
export async function runBench(options: BenchOptions): Promise<BenchResult> {
  const bench = prepare(options);
  const clocks: StepClock[] = [];
  try {
    for (const side of bench.sides) clocks.push(await openClock(bench, side));
    return await runPairs(bench, clocks);
  } finally {
    for (const clock of clocks) clock.close();
  }
}

function prepare(options: BenchOptions): Bench {
  const { workload, trace, clock } = options;
  const gpu = clock.kind === "gpu";
  const gates = options.gates ?? ["gate/read"];
  const resolved: ResultOptions = {
    seed: options.seed ?? workload.seed,
    pairs: options.pairs ?? (gpu ? 6 : 1),
    pageOrder: options.pageOrder ?? "shuffled",
    gates,
    warmupSteps: options.warmupSteps ?? (gpu ? 8 : 0),
    maxChecks: options.maxChecks ?? 6,
  };
  requireCount("pairs", resolved.pairs, 1);
  requireCount("warmupSteps", resolved.warmupSteps, 0);
  requireCount("maxChecks", resolved.maxChecks, 1);
  requireCount("gates", gates.length, 1);
  const rowTokens = 1 + (workload.speculative?.draftTokens ?? 0);
  requireCount("maxBatchedTokens", workload.scheduler.maxBatchedTokens, rowTokens);
  const { tensorParallel } = workload;
  const measuredRank = findMeasuredRank(workload.headMap, tensorParallel);
  const ceilings = chooseCeilings(options);
  const requests = trace?.requests ?? synthesizeRequests(workload);
  requireCount("requests", requests.length, 1);
  return {
    options,
    resolved,
    requests,
    sides: sidesOfGates(gates),
    measuredRank,
    heads: shardHeadMap(workload.headMap, { tensorParallel, rank: measuredRank }),
    ceilings,
    rest: restOfLayer(workload, ceilings),
  };
}

function requireCount(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new BenchError(
    "bench/option",
    `Cannot run with ${name} '${value}': give an integer of at least ${least}`,
  );
}

function chooseCeilings({ ceilings, workload }: BenchOptions): ResultCeilings {
  if (ceilings !== undefined) return { ...ceilings, source: "measured" };
  if (workload.ceilings !== null) return { ...workload.ceilings, source: "fixture" };
  throw new BenchError(
    "bench/ceilings",
    `Cannot cost a step of workload '${workload.name}': it states no ceilings and none were ` +
      `measured; run 'headwise doctor' or give the fixture 'ceilings'`,
  );
}

async function openClock(bench: Bench, side: Side): Promise<StepClock> {
  const { options, heads, rest } = bench;
  return options.clock.kind === "model"
    ? createModelClock({ workload: options.workload, heads, side, rest })
    : createGpuClock({ runner: await options.clock.openRunner(side), heads, rest });
}

async function runPairs(bench: Bench, clocks: readonly StepClock[]): Promise<BenchResult> {
  const { sides, resolved } = bench;
  const turns = interleaveSides({ sides: sides.length, pairs: resolved.pairs });
  for (let side = 0; side < sides.length && resolved.warmupSteps > 0; side++) {
    await replaySide(bench, clocks[side], {
      side: sides[side],
      maxSteps: resolved.warmupSteps,
      maxChecks: 0,
      report: reporter(bench, { phase: "warm-up", side: sides[side].name, pair: 0, done: 0 }),
    });
  }
  const runs: RunResult[][] = sides.map(() => []);
  const checks: SideCheck[] = [];
  for (const [order, turn] of turns.entries()) {
    const side = sides[turn.side];
    const { log, ranks } = await replaySide(bench, clocks[turn.side], {
      side,
      maxChecks: turn.pair === 0 ? resolved.maxChecks : 0,
      report: reporter(bench, {
        phase: "replay",
        side: side.name,
        pair: turn.pair,
        done: order,
      }),
    });
    for (const check of log.checks) checks.push({ ...check, side: side.name });
    const { performance, samples } = measure(log, ranks);
    runs[turn.side].push({
      pair: turn.pair,
      order,
      performance,
      failedRequests: log.failed,
      samples,
    });
    if (checks.some(({ ok }) => !ok)) break;
  }
  reporter(bench, { phase: "gate", side: null, pair: resolved.pairs - 1, done: turns.length })({
    requestsDone: bench.requests.length,
    steps: 0,
  });
  return judge(describe(bench, { clocks, runs, checks }), bench);
}

interface Turn {
  readonly side: Side;
  readonly maxSteps?: number;
  readonly maxChecks: number;
  readonly report: (progress: { requestsDone: number; steps: number }) => void;
}

async function replaySide(
  bench: Bench,
  clock: StepClock,
  turn: Turn,
): Promise<{ log: Awaited<ReturnType<typeof replay>>; ranks: Ranks }> {
  const { workload, signal } = bench.options;
  const ranks = createSideRanks(bench.options, turn.side, bench.resolved);
  turn.report({ requestsDone: 0, steps: 0 });
  const log = await replay({
    requests: bench.requests,
    scheduler: workload.scheduler,
    speculative: workload.speculative,
    ranks,
    clock,
    seed: bench.resolved.seed,
    maxChecks: turn.maxChecks,
    onProgress: turn.report,
    ...(turn.maxSteps === undefined ? {} : { maxSteps: turn.maxSteps }),
    ...(signal === undefined ? {} : { signal }),
  });
  return { log, ranks };
}

function createSideRanks(
  { workload, debugTables }: BenchOptions,
  side: Side,
  { pageOrder, seed }: ResultOptions,
): Ranks {
  const { cache, scheduler, headMap, tensorParallel } = workload;
  return createRanks({
    layout: side.layout,
    heads: headMap,
    slots: scheduler.maxSequences,
    pagesPerHead: cache.pagesPerHead,
    pageSizeTokens: cache.pageSizeTokens,
    modelLengthTokens: scheduler.modelLengthTokens,
    preallocatedPages: scheduler.preallocatedPages,
    recycle: side.recycle,
    pageOrder: pageOrder === "identity" ? { kind: "identity" } : { kind: "shuffled", seed },
    debug: debugTables ?? false,
  }, tensorParallel);
}

function reporter(
  bench: Bench,
  o: { phase: BenchProgress["phase"]; side: SideName | null; pair: number; done: number },
): Turn["report"] {
  const { pairs } = bench.resolved;
  return ({ requestsDone, steps }) =>
    bench.options.onProgress?.({
      phase: o.phase,
      side: o.side,
      pair: o.pair,
      pairs,
      replaysDone: o.done,
      replays: pairs * bench.sides.length,
      requestsDone,
      requests: bench.requests.length,
      steps,
    });
}

/** Everything of the result but the verdicts. */
function describe(
  bench: Bench,
  o: {
    readonly clocks: readonly StepClock[];
    readonly runs: readonly RunResult[][];
    readonly checks: readonly SideCheck[];
  },
): BenchResult {
  const { options, resolved, ceilings } = bench;
  const { workload, trace, clock } = options;
  const failures = o.checks.filter(({ ok }) => !ok)
    .map(({ side, message }) => `side '${side}', ${message}`);
  const worst = o.checks.reduce((most, check) => Math.max(most, check.worstBudgetUsed), 0);
  return {
    kind: "headwise/bench-result",
    schemaVersion: RESULT_SCHEMA_VERSION,
    createdAt: new Date().toISOString(),
    environment: options.environment ?? describeEnvironment({
      adapter: clock.kind === "gpu" ? clock.adapter : null,
    }),
    workload: {
      name: workload.name,
      sha256: workload.sourceSha256,
      model: workload.model.name,
      modelSha256: workload.model.sourceSha256,
      headMapName: workload.headMapName,
      tensorParallel: workload.tensorParallel,
      measuredRank: bench.measuredRank,
      pagesPerHead: workload.cache.pagesPerHead,
      pageSizeTokens: workload.cache.pageSizeTokens,
    },
    requests: {
      count: bench.requests.length,
      trace: trace?.name ?? null,
      sha256: trace?.sha256 ?? null,
      dropped: trace?.dropped ?? {},
    },
    options: resolved,
    clock: {
      kind: clock.kind,
      reason: clock.kind === "model" ? clock.reason : null,
      deterministic: o.clocks.every(({ deterministic }) => deterministic),
      layersMeasured: o.clocks[0].layersMeasured,
      ceilings,
    },
    restOfLayer: describeRestOfLayer(bench.rest),
    formulas: METRIC_FORMULAS,
    sides: bench.sides.map(({ name, layout, walk, recycle }, index) => ({
      name,
      layout,
      walk,
      recycle,
      // A wrong kernel has no timing: whatever was measured is dropped, on every side.
      runs: failures.length === 0
        ? o.runs[index]
        : o.runs[index].map((run) => ({ ...run, performance: null, samples: null })),
    })),
    verification: {
      method: clock.kind === "gpu" ? "gpu" : "oracle",
      checks: o.checks.length,
      worstBudgetUsed: o.checks.length === 0 || !Number.isFinite(worst) ? null : worst,
      failures,
    },
    capacityPrediction: predictCapacity({
      heads: bench.heads,
      pageSizeTokens: workload.cache.pageSizeTokens,
      lengthsTokens: bench.requests.map(({ inputTokens, outputTokens }) =>
        inputTokens + outputTokens
      ),
    }),
    readGate: null,
    capacityGate: null,
  };
}

function judge(result: BenchResult, { resolved }: Bench): BenchResult {
  return {
    ...result,
    readGate: resolved.gates.includes("gate/read") ? gateRead(result) : null,
    capacityGate: resolved.gates.includes("gate/capacity") ? gateCapacity(result) : null,
  };
}
