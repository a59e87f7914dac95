/** One benchmark run: every side replayed in turn, checked, measured and judged. */

import type { BenchOptions, BenchProgress, ClockChoice } from "./options.ts";
import { refuseOtherCards } from "./calibration.ts";
import { describeRun, type SideCheck } from "./describe_run.ts";
import { gateCapacity, gateRead } from "../gate/mod.ts";
import {
  createAdapterClock,
  createGpuClock,
  isAdapterClock,
  type StepClock,
  type TimeTable,
} from "../clock/mod.ts";
import { groupTokenGaps, joinParts, type ReplayProgress } from "../replay/mod.ts";
import { interleaveSides, isFutile, planLooks } from "../statistics/mod.ts";
import { type ReplicaShare, shareRequests } from "./fleet.ts";
import { createFleetThreads, type FleetThreads } from "./fleet_threads.ts";
import type { FleetOrder } from "./fleet_words.ts";
import { type Bench, prepareBench } from "./prepare.ts";
import { resolveSaturation } from "./saturation.ts";
import { replayShare, type ShareOrder, type ShareReplay } from "./share_replay.ts";
import { openSideClock } from "./side_clock.ts";
import { takePairs } from "./resume.ts";
import type { BenchResult, RunResult, Side, SideName } from "../result/mod.ts";

/**
 * Replays the workload on every side that the gates need, in interleaved pairs, and judges them.
 * The same requests, page ordinals and page order are used on every side. Outputs of sampled steps
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
 * @throws {BenchError} When options contradict each other, ranks disagree or the run is stopped.
 */
export async function runBench(options: BenchOptions): Promise<BenchResult> {
  const prepared = prepareBench(await resolveSaturation(options));
  const shares = await shareRequests(prepared);
  const clocks: StepClock[] = [];
  const threads = openThreads(prepared, shares);
  const bench = { ...prepared, shares, threads };
  try {
    for (const side of bench.sides) clocks.push(await openClock(bench, side));
    refuseOtherCards(bench, clocks);
    return await runPairs(bench, clocks);
  } finally {
    threads?.close();
    for (const clock of clocks) clock.close();
  }
}

/** Threads where there are several replicas for them, null where the run does all by itself. */
function openThreads(
  { options: { clock, workers = 1, signal } }: Bench,
  shares: readonly ReplicaShare[],
): FleetThreads | null {
  // A device and an adapter's program answer one at a time.
  const isComputed = clock.kind === "model" || clock.kind === "table";
  if (!isComputed || workers === 1 || shares.length === 1) return null;
  return createFleetThreads({ workers, signal });
}

async function openClock(bench: Bench, side: Side): Promise<StepClock> {
  const { options: { clock, workload }, heads, rest } = bench;
  switch (clock.kind) {
    case "model":
    case "table":
      return openSideClock({ ...bench, workload, side, table: tableOf(clock) });
    case "gpu": {
      const passes = side.form === "two-pass" ? 2 : 1;
      return createGpuClock({ runner: await clock.openRunner(side), heads, rest, passes });
    }
    case "adapter":
      return createAdapterClock({ runner: await clock.openRunner(side), heads, rest });
    default:
      return clock satisfies never;
  }
}

function tableOf(clock: ClockChoice): TimeTable | null {
  return clock.kind === "table" ? clock.table : null;
}

async function runPairs(bench: SharedBench, clocks: readonly StepClock[]): Promise<BenchResult> {
  const { sides, resolved } = bench;
  const looks = looksOf(bench, clocks);
  const turns = interleaveSides({ sides: sides.length, pairs: looks[looks.length - 1] });
  for (let side = 0; side < sides.length && resolved.warmupSteps > 0; side++) {
    const report = reporter(bench, {
      phase: "warm-up",
      side: sides[side].name,
      pair: 0,
      done: 0,
    });
    report({ requestsDone: 0, steps: 0 });
    const maxSteps = resolved.warmupSteps;
    await replaySide(bench, clocks[side], { side: sides[side], maxSteps, maxChecks: 0, report });
  }
  for (const clock of clocks.filter(isAdapterClock)) clock.forgetCost();
  const runs: RunResult[][] = restoreRuns(bench, clocks);
  const firstPair = runs[0].length;
  const checks: SideCheck[] = [];
  const begun = performance.now();
  const describe = (): BenchResult =>
    judge(
      describeRun(bench, { clocks, runs, checks, wallMs: performance.now() - begun }),
      bench,
    );
  let underWay = -1;
  const report = (order: number, progress: ReplayProgress): void => {
    if (order !== underWay) return;
    const { side, pair } = turns[order];
    const { name } = sides[side];
    reporter(bench, { phase: "replay", side: name, pair, done: order })(progress);
  };
  const replayTurn = (order: number): Promise<readonly ShareReplay[]> => {
    const { side, pair } = turns[order];
    return replaySide(bench, clocks[side], {
      side: sides[side],
      maxChecks: pair === firstPair ? resolved.maxChecks : 0,
      timelineEntries: pair === 0 ? bench.timelineEntries : 0,
      report: (progress) => report(order, progress),
    });
  };
  let ahead: Promise<readonly ShareReplay[]> | null = null;
  for (const [order, turn] of turns.entries()) {
    if (turn.pair < firstPair) continue;
    const side = sides[turn.side];
    underWay = order;
    report(order, { requestsDone: 0, steps: 0 });
    const current = ahead ?? replayTurn(order);
    // Threads begin the next side while others end this one and its figures are computed.
    ahead = bench.threads !== null && order + 1 < turns.length ? replayTurn(order + 1) : null;
    ahead?.catch(() => {});
    const replays = await current;
    checks.push(
      ...replays.flatMap((replayed) =>
        replayed.checks.map((check) => ({ ...check, side: side.name }))
      ),
    );
    const parts = replays.map(({ measured }, replica) => ({
      measured,
      places: bench.shares[replica].places,
    }));
    const { performance, samples } = joinParts(parts);
    runs[turn.side].push({
      pair: turn.pair,
      order,
      performance,
      failedRequests: replays.flatMap(({ failed }) => failed),
      samples,
      tokenGaps: bench.timelineEntries === 0 ? null : groupTokenGaps(parts),
      timeline: replays[0].timeline,
    });
    if (checks.some(({ ok }) => !ok)) break;
    const pairs = turn.pair + 1;
    const isPairDone = order + 1 === pairs * sides.length && order + 1 < turns.length;
    const isLook = looks.includes(pairs);
    if (!isPairDone || !(isLook || bench.options.onPair !== undefined)) continue;
    const soFar = describe();
    if (isLook && (isDecided(soFar) || isGivenUp(bench, soFar))) break;
    await bench.options.onPair?.(soFar);
  }
  const done = runs.reduce((sum, { length }) => sum + length, 0);
  reporter(bench, { phase: "gate", side: null, pair: runs[0].length - 1, done })({
    requestsDone: bench.requests.length,
    steps: 0,
  });
  return describe();
}

/** Runs to begin with: none, or those of a run that is gone on with. */
function restoreRuns(bench: Bench, clocks: readonly StepClock[]): RunResult[][] {
  const none = bench.sides.map((): RunResult[] => []);
  const { resume } = bench.options;
  if (resume === undefined) return none;
  return takePairs(resume, describeRun(bench, { clocks, runs: none, checks: [], wallMs: 0 }));
}

/** Numbers of pairs after which the run may stop; the last one ends it. */
function looksOf({ resolved }: Bench, clocks: readonly StepClock[]): readonly number[] {
  if (resolved.sequential === null) return [resolved.pairs];
  // A deterministic clock repeats itself: one pair is all there is to know.
  return clocks.every(({ deterministic }) => deterministic)
    ? [1]
    : planLooks(resolved.sequential).looks;
}

/** Whether a run that may be given up will most likely stay undecided. */
function isGivenUp({ options, resolved }: Bench, soFar: BenchResult): boolean {
  if (!options.futility || resolved.sequential === null) return false;
  const plan = planLooks(resolved.sequential);
  const gates = [
    soFar.readGate,
    soFar.capacityGate?.pooled ?? null,
    soFar.capacityGate?.perHead ?? null,
  ];
  return gates.some((gate) => gate !== null && isFutile(gate.comparisons, plan));
}

function isDecided({ readGate, capacityGate }: BenchResult): boolean {
  return [readGate, capacityGate].every((gate) => gate?.verdict !== "INCONCLUSIVE");
}

/** A run with the requests of each replica. */
interface SharedBench extends Bench {
  readonly shares: readonly ReplicaShare[];
  readonly threads: FleetThreads | null;
}

interface Turn {
  readonly side: Side;
  readonly maxSteps?: number;
  readonly maxChecks: number;
  /** Most entries of the timeline, 0 to record none. @default {0} */
  readonly timelineEntries?: number;
  readonly report: (progress: ReplayProgress) => void;
}

async function replaySide(
  bench: SharedBench,
  clock: StepClock,
  turn: Turn,
): Promise<readonly ShareReplay[]> {
  const orders = bench.shares.map((_, replica) => orderOf(bench, turn, replica));
  return bench.threads === null
    ? await replayInTurn(bench, orders, { clock, report: turn.report })
    : await bench.threads.replay(orders.map((share) => threadOrder(bench, share)), turn.report);
}

async function replayInTurn(
  { options: { signal } }: Bench,
  orders: readonly ShareOrder[],
  { clock, report }: { readonly clock: StepClock; readonly report: Turn["report"] },
): Promise<ShareReplay[]> {
  const replays: ShareReplay[] = [];
  let [done, stepsDone] = [0, 0];
  for (const order of orders) {
    const replayed = await replayShare(order, {
      clock,
      onProgress: ({ requestsDone, steps }) =>
        report({ requestsDone: done + requestsDone, steps: stepsDone + steps }),
      signal,
    });
    done += order.requests.length;
    stepsDone += replayed.measured.steps;
    replays.push(replayed);
  }
  return replays;
}

function threadOrder({ options: { clock }, ceilings, cost }: Bench, share: ShareOrder): FleetOrder {
  return { share, ceilings, cost, table: tableOf(clock) };
}

function orderOf(bench: SharedBench, turn: Turn, replica: number): ShareOrder {
  const { resolved: { pageOrder, seed, prefixCache, availability }, options } = bench;
  const { requests, concurrency } = bench.shares[replica];
  return {
    workload: options.workload,
    side: turn.side,
    requests,
    concurrency,
    pageOrder: pageOrder === "identity" ? { kind: "identity" } : { kind: "shuffled", seed },
    prefixBlockTokens: prefixCache ? bench.prefixBlockTokens : null,
    seed,
    availability,
    debug: options.debugTables ?? false,
    maxChecks: replica === 0 ? turn.maxChecks : 0,
    // Steps are told of one engine alone.
    timelineEntries: bench.shares.length === 1 ? turn.timelineEntries ?? 0 : 0,
    maxSteps: turn.maxSteps ?? null,
  };
}

function reporter(
  bench: Bench,
  o: { phase: BenchProgress["phase"]; side: SideName | null; pair: number; done: number },
): Turn["report"] {
  const { sequential } = bench.resolved;
  const pairs = sequential?.maxPairs ?? bench.resolved.pairs;
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

function judge(result: BenchResult, { resolved }: Bench): BenchResult {
  return {
    ...result,
    readGate: resolved.gates.includes("gate/read") ? gateRead(result) : null,
    capacityGate: resolved.gates.includes("gate/capacity") ? gateCapacity(result) : null,
  };
}
