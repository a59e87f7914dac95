/** Options of a benchmark run, resolved and checked before anything is replayed. */

import type { HeadMap } from "../../allocator/mod.ts";
import {
  joinPrefixBlocks,
  ROUTERS,
  synthesizeRequests,
  type TraceRequest,
} from "../../fixtures/mod.ts";
import {
  optionError,
  type ResultCeilings,
  type ResultOptions,
  type Side,
  sidesOfGates,
} from "../result/mod.ts";
import { BENCH_DEFAULTS, type BenchOptions } from "./options.ts";
import type { CostModel } from "../card/mod.ts";
import type { RestOfLayer } from "../clock/mod.ts";
import { costOfCalibration, refuseOtherCard } from "./calibration.ts";
import { measuredHeads, restOf } from "./side_clock.ts";

/** Everything that all replays of a run share. */
export interface Bench {
  readonly options: BenchOptions;
  readonly resolved: ResultOptions;
  readonly requests: readonly TraceRequest[];
  /** Tokens of one of their prefix blocks: a multiple of the page size, or refused. */
  readonly prefixBlockTokens: number;
  readonly sides: readonly Side[];
  readonly measuredRank: number;
  readonly heads: HeadMap;
  readonly ceilings: ResultCeilings;
  readonly rest: RestOfLayer;
  /** Costs on a card's profile, or null where ceilings are divided by. */
  readonly cost: CostModel | null;
  readonly timelineEntries: number;
}

/** Pairs that a run holds once it has ended: with `untilDecided`, the most. */
export function plannedPairs(o: BenchOptions): number {
  if (o.untilDecided === true) return o.maxPairs ?? BENCH_DEFAULTS.maxPairs;
  return o.pairs ?? (isMeasuredBy(o.clock) ? 6 : 1);
}

function isMeasuredBy({ kind }: BenchOptions["clock"]): boolean {
  return kind === "gpu" || kind === "adapter";
}

/** Resolves the options of a run and refuses what cannot be run. */
export function prepareBench(given: BenchOptions): Bench {
  const options = { ...BENCH_DEFAULTS, ...given };
  const { workload, clock } = options;
  const isMeasured = isMeasuredBy(clock);
  const gates = options.gates ?? ["gate/read"];
  const pairs = options.pairs ?? (isMeasured ? 6 : 1);
  const resolved: ResultOptions = {
    seed: options.seed ?? workload.seed,
    pairs,
    pageOrder: options.pageOrder,
    gates,
    warmupSteps: options.warmupSteps ?? (isMeasured ? 8 : 0),
    maxChecks: options.maxChecks,
    ...(options.readPair === undefined ? {} : { readPair: options.readPair }),
    ...fleetOf(options),
    prefixCache: options.prefixCache ?? workload.cache.prefixCache,
    sequential: options.untilDecided ? { firstPairs: pairs, maxPairs: options.maxPairs } : null,
    availability: options.availability,
  };
  requireCount("pairs", resolved.pairs, 1);
  if (resolved.sequential !== null) requireCount("maxPairs", resolved.sequential.maxPairs, pairs);
  requireCount("replicas", options.replicas ?? 1, 1);
  requireCount("workers", options.workers ?? 1, 1);
  requireCount("warmupSteps", resolved.warmupSteps, 0);
  requireCount("maxChecks", resolved.maxChecks, 1);
  const { timelineEntries } = options;
  requireCount("timelineEntries", timelineEntries, 0);
  requireCount("gates", gates.length, 1);
  const rowTokens = 1 + (workload.speculative?.draftTokens ?? 0);
  requireCount("maxBatchedTokens", workload.scheduler.maxBatchedTokens, rowTokens);
  const { rank: measuredRank, heads } = measuredHeads(workload);
  const ceilings = chooseCeilings(options);
  const cost = options.calibration === undefined
    ? null
    : costOfCalibration(workload, options.calibration);
  refuseOtherCard(options.clock, { cost, ceilings });
  const { requests, prefixBlockTokens } = requestsOf(options);
  requireCount("requests", requests.length, 1);
  return {
    options,
    resolved,
    requests,
    prefixBlockTokens,
    sides: sidesOfGates(gates, [
      ...(options.moreSides ?? []),
      ...(options.readPair === undefined ? [] : Object.values(options.readPair)),
    ]),
    measuredRank,
    heads,
    ceilings,
    rest: restOf(workload, { ceilings, cost }),
    cost,
    timelineEntries,
  };
}

/** Replicas by the options and else the workload's; a single one needs no router. */
function fleetOf({ workload, replicas, router }: BenchOptions): Pick<ResultOptions, "fleet"> {
  const fleet = {
    replicas: replicas ?? workload.fleet?.replicas ?? 1,
    router: router ?? workload.fleet?.router ?? "round-robin",
  };
  if (!ROUTERS.includes(fleet.router)) {
    throw optionError(`Cannot route by '${fleet.router}': the routers are ${ROUTERS.join(", ")}`);
  }
  if (router !== undefined && fleet.replicas === 1) {
    throw optionError(
      `Cannot route by '${router}' to a single replica: give at least 2 replicas, or no router`,
    );
  }
  return fleet.replicas === 1 ? {} : { fleet };
}

function requireCount(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw optionError(`Cannot run with ${name} '${value}': give an integer of at least ${least}`);
}

/** Ceilings that steps are costed by. */
export function chooseCeilings(
  { ceilings, workload, resume }: Pick<BenchOptions, "ceilings" | "workload" | "resume">,
): ResultCeilings {
  // Measured ceilings differ a little each time; what they cost is part of every pair.
  if (resume !== undefined) return resume.clock.ceilings;
  if (ceilings !== undefined) return { ...ceilings, source: "measured" };
  if (workload.ceilings !== null) return { ...workload.ceilings, source: "fixture" };
  return { ...DEFAULT_CEILINGS, source: "default" };
}

/** Stated where neither the workload has ceilings nor a GPU was there to measure any. */
const DEFAULT_CEILINGS = {
  memoryBytesPerSecond: 3.35e12,
  flopsPerSecond: 989e12,
  note:
    "Data sheet of one H100 SXM, 3.35 TB/s and 989 TFLOP/s dense bf16: the workload states no " +
    "ceilings and no GPU was measured",
};

/** Prefix blocks of traces whose format does not say: Mooncake's. */
const DEFAULT_BLOCK_TOKENS = 512;

/** Requests to replay; blocks smaller than a page are joined, for only whole pages are shared. */
function requestsOf(
  { workload, trace }: BenchOptions,
): Pick<Bench, "requests" | "prefixBlockTokens"> {
  const { pageSizeTokens } = workload.cache;
  const blockTokens = trace?.prefixBlockTokens ?? DEFAULT_BLOCK_TOKENS;
  const requests = trace?.requests ?? synthesizeRequests(workload);
  const isPartOfPage = blockTokens < pageSizeTokens && pageSizeTokens % blockTokens === 0;
  if (!isPartOfPage) return { requests, prefixBlockTokens: blockTokens };
  return {
    requests: joinPrefixBlocks(requests, { fromTokens: blockTokens, toTokens: pageSizeTokens }),
    prefixBlockTokens: pageSizeTokens,
  };
}

/** Requests under way at once where arrivals are a closed loop, null otherwise. */
export function concurrencyOf({ workload, trace }: BenchOptions): number | null {
  const { requests } = workload;
  if (trace !== undefined || requests.kind !== "synthetic") return null;
  return requests.arrivals.kind === "closed-loop" ? requests.arrivals.concurrency : null;
}
