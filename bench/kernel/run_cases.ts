/** The kernel benchmark: cases between two measurements of the ceilings. */

import {
  type AttendTuning,
  type Gpu,
  type GpuCeilings,
  measureCeilings,
  type Multiplier,
  timeEmptyChain,
} from "../../kernel/mod.ts";
import { describeEnvironment } from "../result/mod.ts";
import type { KernelCase, PeerName } from "./case.ts";
import { type KernelCeilings, kernelFigures, medianOf } from "./figures.ts";
import { judgeKernelGoals } from "./goals.ts";
import { measureKernelCase, type RawKernelCase, storedTuning } from "./measure.ts";
import { takeCases } from "./resume.ts";
import {
  KERNEL_RESULT_VERSION,
  type KernelCaseResult,
  type KernelResult,
  type PeersReport,
} from "./result_schema.ts";

/** Options of {@linkcode runKernelBench}. */
export interface KernelBenchOptions {
  /** Cases to measure, in this order. */
  readonly cases: readonly KernelCase[];
  /** Timed runs of each. @default {31} */
  readonly runs?: number;
  /** Rows of each that are checked against the oracle; at least 1. @default {4} */
  readonly checks?: number;
  /** Seed of pages, contents and checked rows. @default {1} */
  readonly seed?: number;
  /** Gigabytes (10⁹ bytes) that the caches of a case may take. @default {100} */
  readonly maxGigabytes?: number;
  /** Tuning of a case, null for the default; left out, all have the default. */
  readonly tuningOf?: (kernelCase: KernelCase) => AttendTuning | null;
  /** Times peers on a case that was measured, and gives all their times so far; left out, none are. */
  readonly timePeers?: (kernelCase: KernelCase) => Promise<PeersReport>;
  /** Machine and runtime. @default {this process's} */
  readonly environment?: KernelResult["environment"];
  /** Called before each case. */
  readonly onCase?: (state: { readonly name: string; readonly index: number }) => void;
  /** Gets what was measured so far, after each case; its ceilings are those of the beginning. */
  readonly onMeasured?: (result: KernelResult) => Promise<void>;
  /** A run that was stopped: its timed cases are taken over, in the order of this run's cases. */
  readonly resume?: KernelResult;
  /** Stops the run between two cases; what was measured is in the result. */
  readonly signal?: AbortSignal;
}

/**
 * Measures the ceilings, then every case and its peers beside it, then the ceilings again. A case
 * whose output the oracle refuses has no time.
 *
 * @example One small case
 * ```ts
 * import assert from "node:assert/strict";
 * import { builtinKernelCases, runKernelBench, selectKernelCases } from "@headwise/headwise/bench";
 * import { closeGpu, openGpu } from "@headwise/headwise/kernel";
 *
 * const outcome = await openGpu();
 * if (outcome.kind === "gpu") {
 *   const cases = selectKernelCases(builtinKernelCases(), { set: "smoke", glob: "*-prefill" });
 *   const result = await runKernelBench(outcome.gpu, { cases, runs: 2 });
 *   assert.equal(result.cases[0].outcome.kind, "timed");
 *   closeGpu(outcome.gpu);
 * }
 * ```
 * @throws {GpuError} `limit` if the adapter cannot time passes.
 */
export async function runKernelBench(gpu: Gpu, o: KernelBenchOptions): Promise<KernelResult> {
  const createdAt = new Date().toISOString();
  const environment = o.environment ?? describeEnvironment({ adapter: gpu.adapter.description });
  const options = {
    runs: o.runs ?? 31,
    checks: o.checks ?? 4,
    seed: o.seed ?? 1,
    maxGigabytes: o.maxGigabytes ?? 100,
  };
  const adapter = {
    ...gpu.adapter,
    isSoftware: gpu.isSoftware,
    subgroupSize: gpu.target.subgroupSize,
    dialect: gpu.target.dialect,
  };
  const tuningOf = (kernelCase: KernelCase) => o.tuningOf?.(kernelCase) ?? null;
  const kept = o.resume === undefined ? null : takeCases(o.resume, {
    environment,
    adapter,
    options,
    cases: o.cases,
    tuningOf: (kernelCase) => storedTuning(tuningOf(kernelCase)),
  });
  const now = await measureCeilings(gpu);
  const before = o.resume === undefined ? now : highest(o.resume.ceilings.before, now);
  const raw: RawKernelCase[] = [];
  const earlier = o.resume?.peers ?? null;
  let peers = earlier;
  const emptyChains = new Map(kept?.emptyChains);
  const describe = (after: GpuCeilings): KernelResult => {
    const ceilings = { before, after, ...betterCeilings(before, after) };
    const cases = raw.map((each) => withFigures(each, { ceilings, emptyChains }));
    return {
      kind: "headwise/kernel-result",
      schemaVersion: KERNEL_RESULT_VERSION,
      createdAt,
      environment,
      adapter,
      options: {
        ...options,
        tuning: raw.some(({ outcome }) => outcome.kind === "timed" && outcome.tuning !== null)
          ? "stored"
          : "default",
      },
      ceilings,
      cases,
      peers,
      goals: judgeKernelGoals(cases, peers),
    };
  };
  for (const [index, kernelCase] of o.cases.entries()) {
    // What is kept stays in the result, wherever the run is stopped.
    if (o.signal?.aborted && !kept?.cases.has(kernelCase.name)) continue;
    o.onCase?.({ name: kernelCase.name, index });
    const tuning = tuningOf(kernelCase);
    const measured = kept?.cases.get(kernelCase.name) ??
      await measureKernelCase(gpu, kernelCase, { ...options, tuning });
    raw.push(measured);
    const { outcome } = measured;
    if (outcome.kind === "timed" && !emptyChains.has(outcome.dispatches)) {
      const { dispatches } = outcome;
      emptyChains.set(dispatches, medianOf(await timeEmptyChain(gpu, { dispatches })));
    }
    // Before the peers, which may take longer than the run is given.
    await o.onMeasured?.(describe(before));
    if (outcome.kind !== "timed" || o.timePeers === undefined || o.signal?.aborted) continue;
    peers = joinPeers(earlier, await o.timePeers(withoutTimed(kernelCase, earlier)));
    await o.onMeasured?.(describe(before));
  }
  return describe(await measureCeilings(gpu));
}

/** The case with those of its peers that have no time yet. */
function withoutTimed(kernelCase: KernelCase, earlier: PeersReport | null): KernelCase {
  const isTimed = (peer: PeerName) =>
    earlier?.results.some((each) =>
      each.peer === peer && each.case === kernelCase.name && each.outcome.kind === "timed"
    ) === true;
  return { ...kernelCase, peers: kernelCase.peers.filter((peer) => !isTimed(peer)) };
}

/** What this run found takes the place of what the stopped one did. */
function joinPeers(earlier: PeersReport | null, now: PeersReport): PeersReport {
  if (earlier === null) return now;
  const keyOf = (each: PeersReport["results"][number]) => `${each.peer} ${each.case}`;
  const again = new Set(now.results.map(keyOf));
  const named = new Set(now.peers.map(({ peer }) => peer));
  return {
    peers: [...earlier.peers.filter(({ peer }) => !named.has(peer)), ...now.peers],
    results: [...earlier.results.filter((each) => !again.has(keyOf(each))), ...now.results],
  };
}

function withFigures(
  each: RawKernelCase,
  o: {
    readonly ceilings: ReturnType<typeof betterCeilings>;
    readonly emptyChains: ReadonlyMap<number, number>;
  },
): KernelCaseResult {
  const { outcome } = each;
  if (outcome.kind !== "timed") return { ...each, outcome };
  const figures = kernelFigures(outcome.samplesMs, {
    work: each.work,
    ceilings: ceilingsOf(o.ceilings, outcome.arithmetic),
    emptyChainMs: o.emptyChains.get(outcome.dispatches)!,
  });
  return { ...each, outcome: { ...outcome, figures } };
}

/** The ceilings of both, the higher ones. */
function highest(a: GpuCeilings, b: GpuCeilings): GpuCeilings {
  return { ...b, ...betterCeilings(a, b) };
}

/** A ceiling is what was reached at least once. */
function betterCeilings(a: GpuCeilings, b: GpuCeilings) {
  return {
    memoryBytesPerSecond: Math.max(a.memoryBytesPerSecond, b.memoryBytesPerSecond),
    flopsPerSecond: Math.max(a.flopsPerSecond, b.flopsPerSecond),
    matrixFlopsPerSecond: a.matrixFlopsPerSecond && b.matrixFlopsPerSecond
      ? Math.max(a.matrixFlopsPerSecond, b.matrixFlopsPerSecond)
      : null,
  };
}

/** What a case is held against: matrices have a ceiling of their own. */
function ceilingsOf(
  all: ReturnType<typeof betterCeilings>,
  arithmetic: Multiplier | undefined,
): KernelCeilings {
  const flopsPerSecond = arithmetic === "matrix" && all.matrixFlopsPerSecond !== null
    ? all.matrixFlopsPerSecond
    : all.flopsPerSecond;
  return { memoryBytesPerSecond: all.memoryBytesPerSecond, flopsPerSecond };
}
