/** What a benchmark run leaves behind: the shape of one result file. */

import type { ClockCost, ClockDescription } from "./clock_types.ts";
import type { Layout } from "../../allocator/mod.ts";
import type {
  CapacityGateReport,
  CapacityPrediction,
  ConcurrencyPrediction,
  GateReport,
} from "./gate_types.ts";
import type { AvailabilityReading } from "./availability.ts";
import type { RequestList, StepTimeline, TokenGaps } from "./recording.ts";
import type { GateName, SideName, SidePair } from "./sides.ts";

/** Version of the result file's shape; raised when a field changes its meaning or goes away. */
export const RESULT_SCHEMA_VERSION = 2;

/** Versions that are read: in version 1 nothing was recorded beside the figures. */
export const READABLE_RESULT_VERSIONS = [1, RESULT_SCHEMA_VERSION] as const;

/** Order statistics of one sample, in the sample's own unit. */
export interface Summary {
  /** Number of values, each token counted once in pooled samples. */
  readonly count: number;
  /** Arithmetic mean. */
  readonly mean: number;
  /** Smallest value. */
  readonly min: number;
  /** Median. */
  readonly p50: number;
  /** 90th percentile. */
  readonly p90: number;
  /** 95th percentile. */
  readonly p95: number;
  /** 99th percentile. */
  readonly p99: number;
  /** 99.9th percentile, or null below 1000 values. */
  readonly p999: number | null;
  /** Largest value. */
  readonly max: number;
}

/** The machine and runtime that a result was made on. */
export interface BenchEnvironment {
  /** Operating system. */
  readonly os: string;
  /** Instruction set. */
  readonly arch: string;
  /** Version of Deno. */
  readonly deno: string;
  /** Version of V8. */
  readonly v8: string;
  /** Name of the GPU adapter, or null where none was used. */
  readonly adapter: string | null;
  /** Version of headwise; null in results of before it was recorded, or from code. */
  readonly headwise?: string | null;
  /** Commit of the checkout that ran, or that the bundle was built from; null where unknown. */
  readonly commit?: string | null;
  /** Whether the checkout was as committed; null where unknown. */
  readonly clean?: boolean | null;
  /** Driver of the adapter as it names itself; null where none was used, or it does not say. */
  readonly driver?: string | null;
}

/** Which workload was replayed. */
export interface WorkloadIdentity {
  /** Name of the fixture. */
  readonly name: string;
  /** SHA-256 of the fixture's text. */
  readonly sha256: string;
  /** Name of the model. */
  readonly model: string;
  /** SHA-256 of the model file's text. */
  readonly modelSha256: string;
  /** Name of the head map. */
  readonly headMapName: string;
  /** Ranks that share the heads. */
  readonly tensorParallel: number;
  /** The rank whose shard is timed: the one with the most full heads, for it is the slowest. */
  readonly measuredRank: number;
  /** Page ids of each per-head pool, N. */
  readonly pagesPerHead: number;
  /** Tokens of a page, P. */
  readonly pageSizeTokens: number;
  /** Everything that was resolved of the workload, overrides included, by path. */
  readonly settings?: ResolvedWorkloadSettings;
}

/** Values of a resolved workload by dotted path, as `scheduler.maxSequences`. */
export type ResolvedWorkloadSettings = Readonly<Record<string, string | number | boolean | null>>;

/** Where the requests came from. */
export interface RequestsIdentity {
  /** Number of requests replayed. */
  readonly count: number;
  /** Name of the trace file without its folder, or null for the fixture's own requests. */
  readonly trace: string | null;
  /** SHA-256 of the trace's bytes, or null. */
  readonly sha256: string | null;
  /** Rows of the trace that were left out, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
}

/** The options that a run was made with. */
export interface ResultOptions {
  /** Seed of page order, speculative acceptance and sampled checks. */
  readonly seed: number;
  /** Interleaved repetitions of every side; before the first look where the run could stop. */
  readonly pairs: number;
  /** Order in which pools hand out pages, the same for every side. */
  readonly pageOrder: "shuffled" | "identity";
  /** Gates judged. */
  readonly gates: readonly GateName[];
  /** Discarded steps of each side before the first pair. */
  readonly warmupSteps: number;
  /** Most sampled checks of one replay. */
  readonly maxChecks: number;
  /** Pair that `gate/read` judges; the whole row walked against live pages where left out. */
  readonly readPair?: SidePair;
  /** Whether prompts shared the pages of their prefixes. */
  readonly prefixCache: boolean;
  /** Looks at which the run could stop; null where the number of pairs was fixed beforehand. */
  readonly sequential: { readonly firstPairs: number; readonly maxPairs: number } | null;
  /** How admission read the share of free pages; anything but `pools` is a fault put in on purpose. */
  readonly availability: AvailabilityReading;
  /** Replicas behind a router; absent where there was one engine. */
  readonly fleet?: Fleet;
}

/** How a router chooses a replica. */
export type RouterName = "round-robin" | "least-loaded" | "prefix-aware";

/** Replicas of one engine behind a router. */
export interface Fleet {
  /** Number of replicas. */
  readonly replicas: number;
  /** How the router chooses. */
  readonly router: RouterName;
}

/** The cost of everything but attention, as it was modelled. */
export interface RestOfLayerStatement {
  /** Weights that every step reads whatever its batch, in bytes on one rank. */
  readonly fixedWeightBytes: number;
  /** Bytes of one routed expert on one rank, 0 in a dense model. */
  readonly expertBytes: number;
  /** Operations of one token through every layer, the output projection left out, on one rank. */
  readonly flopsPerToken: number;
  /** Formulas and assumptions, one a line. */
  readonly assumptions: readonly string[];
}

/** A request that was not served, and why. */
export interface FailedRequest {
  /** Id of the request. */
  readonly request: number;
  /** What stopped it, with the figures. */
  readonly reason: string;
}

/** Times of one replay, whole steps or their attention part. */
export interface LatencySummaries {
  /** Time to first token, from the scheduled arrival, in milliseconds. */
  readonly ttftMs: Summary | null;
  /** Time between tokens, pooled over all tokens, in milliseconds. */
  readonly tbtMs: Summary | null;
}

/** Most pages held at once. */
export interface PeakPages {
  /** Head-pages of full heads held at once. */
  readonly fullHeads: number;
  /** Head-pages of window heads held at once. */
  readonly windowHeads: number;
  /** Head-pages of all pools together. */
  readonly capacity: number;
}

/** What a prefix cache spared one replay, on the measured rank. */
export interface PrefixUse {
  /** Requests admitted, once again after each preemption. */
  readonly lookups: number;
  /** Admissions that found a prefix. */
  readonly hits: number;
  /** Prompt tokens that were not computed because their pages were shared. */
  readonly hitTokens: number;
  /** Blocks ever cached. */
  readonly insertedBlocks: number;
  /** Blocks evicted, or dropped because no request could continue from them. */
  readonly evictedBlocks: number;
}

/** What one replay measured. */
export interface RunPerformance {
  /** Times of whole steps; the gates judge these. */
  readonly whole: LatencySummaries;
  /** The attention part of the same times. */
  readonly attentionOnly: LatencySummaries;
  /**
   * Largest relative error of the quantiles of gaps between tokens, where there were too many to keep;
   * absent where they are exact.
   */
  readonly tbtRelativeError?: number;
  /** From the scheduled arrival to the first step with the request in it, in milliseconds. */
  readonly queueMs: Summary | null;
  /** From the first step with the request in it to its first token; absent in older files. */
  readonly ttftWithoutQueueMs?: Summary | null;
  /** Time per output token after the first, a value for each request, in milliseconds. */
  readonly tpotMs: Summary | null;
  /** From the scheduled arrival to the last token, in milliseconds. */
  readonly endToEndMs: Summary | null;
  /** From the first arrival to the last token, in milliseconds. */
  readonly durationMs: number;
  /** Completed requests a second, or null when nothing completed. */
  readonly requestsPerSecond: number | null;
  /** Output tokens a second, or null when nothing completed. */
  readonly outputTokensPerSecond: number | null;
  /** Input and output tokens a second, or null when nothing completed. */
  readonly totalTokensPerSecond: number | null;
  /** Running requests, averaged over the time of all steps. */
  readonly meanConcurrency: number | null;
  /** Most requests running in one step. */
  readonly peakConcurrency: number;
  /** Running requests, averaged over the time in which another waited for pages; null if none did. */
  readonly memoryBoundConcurrency: number | null;
  /** Times that a request lost its pages and started over. */
  readonly preemptions: number;
  /** Most pages held at once. */
  readonly peakPages: PeakPages;
  /** What was shared, or null without a prefix cache. */
  readonly prefixCache: PrefixUse | null;
  /** Steps of the replay. */
  readonly steps: number;
  /** Time of all steps spent in attention, in milliseconds. */
  readonly attentionMs: number;
  /** Time of all steps spent in the rest, in milliseconds. */
  readonly restMs: number;
}

/** Raw values of each request of one replay, in the order of the requests; null where it failed. */
export interface RequestSamples {
  /** Time to first token in milliseconds, rounded to a nanosecond. */
  readonly ttftMs: readonly (number | null)[];
  /** Waiting before the first step, in milliseconds. */
  readonly queueMs: readonly (number | null)[];
  /** Arrivals of a closed loop, in milliseconds; absent where the requests' own ones hold. */
  readonly arrivalMs?: readonly number[];
  /** Time per output token after the first, in milliseconds; null below two tokens. */
  readonly tpotMs: readonly (number | null)[];
  /** Arrival to last token, in milliseconds. */
  readonly endToEndMs: readonly (number | null)[];
  /** Preemptions. */
  readonly preemptions: readonly number[];
}

/** One replay of one side. */
export interface RunResult {
  /** Index of the pair, from 0. */
  readonly pair: number;
  /** Position among all replays in the order in which they ran, from 0. */
  readonly order: number;
  /** What was measured; null where a check failed, for a wrong kernel has no timing. */
  readonly performance: RunPerformance | null;
  /** Requests that were not served. */
  readonly failedRequests: readonly FailedRequest[];
  /** Raw values; null where `performance` is. */
  readonly samples: RequestSamples | null;
  /** Gaps between tokens; null where they were not recorded, or `performance` is null. */
  readonly tokenGaps: TokenGaps | null;
  /** Steps of the first pair; null in others, where they were not recorded, or `performance` is. */
  readonly timeline: StepTimeline | null;
}

/** All replays of one side. */
export interface SideResult {
  /** Name of the side. */
  readonly name: SideName;
  /** Layout of its table. */
  readonly layout: Layout;
  /** How rows are walked. */
  readonly walk: "row" | "visible";
  /** Whether window pages were recycled. */
  readonly recycle: boolean;
  /** One entry a pair. */
  readonly runs: readonly RunResult[];
}

/** What was checked beside the timing. */
export interface VerificationSummary {
  /** `gpu` and `adapter`: the kernel against the oracle; `oracle`: two oracles against each other. */
  readonly method: "gpu" | "adapter" | "oracle";
  /** Number of checks made. */
  readonly checks: number;
  /** Largest share of the error budget that a check used; 1 is the bound. */
  readonly worstBudgetUsed: number | null;
  /** Failed checks, each with its side and step; empty when all held. */
  readonly failures: readonly string[];
}

/** One benchmark run, as stored. */
export interface BenchResult {
  /** Always `headwise/bench-result`. */
  readonly kind: "headwise/bench-result";
  /** Version of this shape. */
  readonly schemaVersion: typeof RESULT_SCHEMA_VERSION;
  /** When the run ended, ISO 8601 in UTC. */
  readonly createdAt: string;
  /** Machine and runtime. */
  readonly environment: BenchEnvironment;
  /** Workload replayed. */
  readonly workload: WorkloadIdentity;
  /** Requests replayed. */
  readonly requests: RequestsIdentity;
  /** Each of them; null where nothing was recorded beside the figures. */
  readonly requestList: RequestList | null;
  /** Command that starts the same run again, or null where it was started from code. */
  readonly commandLine: string | null;
  /** Options in force. */
  readonly options: ResultOptions;
  /** Clock that timed it. */
  readonly clock: ClockDescription;
  /** What the clock's protocol took, where an adapter timed the steps. */
  readonly clockCost?: ClockCost;
  /** Modelled cost of everything but attention. */
  readonly restOfLayer: RestOfLayerStatement;
  /** What each metric means, by name. */
  readonly formulas: Readonly<Record<string, string>>;
  /** Replays, by side. */
  readonly sides: readonly SideResult[];
  /** Checks of correctness. */
  readonly verification: VerificationSummary;
  /** What arithmetic says that recycling can win on this workload. */
  readonly capacityPrediction: CapacityPrediction;
  /** Concurrency that arithmetic predicts for each side while memory bounds the batch. */
  readonly concurrencyPredictions: readonly ConcurrencyPrediction[];
  /** `gate/read`, or null where it was not asked for. */
  readonly readGate: GateReport | null;
  /** `gate/capacity`, or null where it was not asked for. */
  readonly capacityGate: CapacityGateReport | null;
}
