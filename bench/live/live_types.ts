/** What a benchmark of live servers is made from and leaves behind. */

import type { TraceRequest, Workload } from "../../fixtures/mod.ts";
import type {
  BenchEnvironment,
  Comparison,
  RequestsIdentity,
  Summary,
  Verdict,
} from "../result/mod.ts";
import type { BenchTrace } from "../run/mod.ts";
import type { ServiceObjectives } from "./slo.ts";

/** Version of the live result's shape; raised when a field changes its meaning or goes away. */
export const LIVE_SCHEMA_VERSION = 1;

/** How servers are asked. */
export interface LiveSettings {
  /** Which of the two streaming APIs. */
  readonly api: "completions" | "chat";
  /** Prompts as text, a word a token, or as token ids, which only `completions` takes. */
  readonly promptAs: "text" | "token-ids";
  /** Most requests under way at once; the others wait in the client. */
  readonly maxInFlight: number;
  /** Factor on all arrival times: 2 is half as fast. */
  readonly timeScale: number;
  /** Most time from sending a request to its last byte, in milliseconds. */
  readonly requestTimeoutMs: number;
  /** Most time without a byte, in milliseconds. */
  readonly idleTimeoutMs: number;
  /** Requests sent and thrown away before the first pair, to each server. */
  readonly warmupRequests: number;
  /** Interleaved repetitions. */
  readonly pairs: number;
  /** Whether to ask for whole answers with `ignore_eos`, which not every server knows. */
  readonly ignoreEos: boolean;
  /** Seed of the prompts. */
  readonly seed: number;
  /** Objectives of goodput, or null. */
  readonly objectives: ServiceObjectives | null;
}

/** A server to ask. */
export interface LiveEndpoint {
  /** Base URL, up to and with the version: `http://127.0.0.1:8000/v1`. */
  readonly url: string;
  /** Name of the model that the server is asked for. */
  readonly model: string;
  /** Bearer token, or null; it is in no result. */
  readonly token: string | null;
}

/** How far a live run has come. */
export interface LiveProgress {
  /** `warm-up` is thrown away. */
  readonly phase: "warm-up" | "replay";
  /** URL of the server that is asked. */
  readonly url: string;
  /** Index of the pair, from 0. */
  readonly pair: number;
  /** Requests that ended. */
  readonly done: number;
  /** Requests of this replay. */
  readonly requests: number;
}

/** Options of {@link runLive}. */
export interface LiveOptions {
  /** Workload whose requests are replayed; nothing else of it matters. */
  readonly workload: Workload;
  /** Requests that replace the workload's own. */
  readonly trace?: BenchTrace;
  /** Server that is measured, and judged where there is another. */
  readonly endpoint: LiveEndpoint;
  /** Server that it is judged against. */
  readonly against?: LiveEndpoint;
  /** How to ask; defaults for what is left out, see {@link DEFAULT_LIVE_SETTINGS}. */
  readonly settings?: Partial<LiveSettings>;
  /** Machine, runtime and sources to record. @default {describeEnvironment()} */
  readonly environment?: BenchEnvironment;
  /** Called whenever a request ends. */
  readonly onProgress?: (progress: LiveProgress) => void;
  /** Stops the run. */
  readonly signal?: AbortSignal;
}

/** Why a request failed. */
export type LiveErrorKind =
  | "connect"
  | "status"
  | "timeout"
  | "disconnected"
  | "malformed"
  | "server";

/** A request that failed. */
export interface LiveError {
  /** Id of the request. */
  readonly request: number;
  /** What kind of failure. */
  readonly kind: LiveErrorKind;
  /** What happened, with the server's own words where there are any. */
  readonly message: string;
}

/** The course of one request, in milliseconds after the start of its replay. */
export interface LiveRecord {
  /** The request. */
  readonly request: TraceRequest;
  /** When it was due. */
  readonly scheduledMs: number;
  /** When it was sent. */
  readonly sentMs: number;
  /** When its first text came, or null. */
  readonly firstMs: number | null;
  /** When its last text came, or null. */
  readonly lastMs: number | null;
  /** When it was over. */
  readonly endMs: number;
  /** Gaps between chunks with text, in milliseconds. */
  readonly gapsMs: readonly number[];
  /** Tokens of the first chunk and of the chunk after each gap; null where no count is known. */
  readonly chunkTokens: readonly number[] | null;
  /** Whether `chunkTokens` are the server's counts and not the total spread evenly. */
  readonly exactChunks: boolean;
  /** Prompt tokens by the server's count, or null. */
  readonly promptTokens: number | null;
  /** Answer tokens by the server's count, or null. */
  readonly completionTokens: number | null;
  /** Why it failed, or null. */
  readonly error: LiveError | null;
}

/** Tokens that were asked for and that the servers counted. */
export interface TokenAccount {
  /** Tokens asked for, of completed requests. */
  readonly asked: number;
  /** Tokens that the server counted for them, or null where it did not for all. */
  readonly counted: number | null;
}

/** What one replay against one server measured. */
export interface LivePerformance {
  /** Time to first token, from the scheduled arrival. */
  readonly ttftMs: Summary | null;
  /** Time to first token, from sending; what the client's own queue adds is left out. */
  readonly serviceTtftMs: Summary | null;
  /** From the scheduled arrival to sending: the concurrency cap and the client's lateness. */
  readonly clientQueueMs: Summary | null;
  /** Time between tokens by usage counts, pooled over all tokens; null where a count is missing. */
  readonly tbtMs: Summary | null;
  /** Gaps between chunks, pooled. */
  readonly chunkGapMs: Summary | null;
  /** Mean time between the tokens of a request, a value for each request. */
  readonly tpotMs: Summary | null;
  /** From the scheduled arrival to the last token. */
  readonly endToEndMs: Summary | null;
  /** Requests whose tokens of each chunk are the server's counts, of those completed. */
  readonly exactChunkRequests: number;
  /** From the first scheduled arrival to the last byte, in milliseconds. */
  readonly durationMs: number;
  /** Requests that were completed. */
  readonly completed: number;
  /** Requests that failed. */
  readonly failed: number;
  /** Completed requests a second, or null. */
  readonly requestsPerSecond: number | null;
  /** Answer tokens a second, by the server's count; null where one is missing. */
  readonly outputTokensPerSecond: number | null;
  /** Completed requests a second that meet every objective; null without objectives. */
  readonly goodputPerSecond: number | null;
  /** Their share of all requests, failed ones included; null without objectives. */
  readonly goodShare: number | null;
  /** Most requests under way at once. */
  readonly peakInFlight: number;
  /** Prompt tokens. */
  readonly promptTokens: TokenAccount;
  /** Answer tokens. */
  readonly outputTokens: TokenAccount;
}

/** Raw values of each request, in the order of the requests; null where it failed. */
export interface LiveSamples {
  /** Time to first token from the scheduled arrival, in milliseconds. */
  readonly ttftMs: readonly (number | null)[];
  /** From the scheduled arrival to sending, in milliseconds. */
  readonly clientQueueMs: readonly (number | null)[];
  /** Mean time between tokens, in milliseconds; null below two. */
  readonly tpotMs: readonly (number | null)[];
  /** From the scheduled arrival to the last token, in milliseconds. */
  readonly endToEndMs: readonly (number | null)[];
}

/** One replay against one server. */
export interface LiveRun {
  /** Index of the pair, from 0. */
  readonly pair: number;
  /** Position among all replays, from 0. */
  readonly order: number;
  /** What was measured. */
  readonly performance: LivePerformance;
  /** Requests that failed. */
  readonly errors: readonly LiveError[];
  /** Raw values. */
  readonly samples: LiveSamples;
}

/** All replays against one server. */
export interface LiveSide {
  /** `endpoint` is judged, `against` is what it is judged by. */
  readonly role: "endpoint" | "against";
  /** Base URL. */
  readonly url: string;
  /** Model asked for. */
  readonly model: string;
  /** One entry a pair. */
  readonly runs: readonly LiveRun[];
}

/** Verdict on two servers. */
export interface LiveGateReport {
  /** Always `gate/live`. */
  readonly gate: "gate/live";
  /** Verdict over mean TTFT and mean TBT: both must be at least 5 % better. */
  readonly verdict: Verdict;
  /** Why, one line a finding. */
  readonly reasons: readonly string[];
  /** Number of run pairs. */
  readonly pairs: number;
  /** Demanded metrics first, then those shown for information. */
  readonly comparisons: readonly Comparison[];
}

/** A benchmark of live servers, as stored. */
export interface LiveResult {
  /** Always `headwise/live-result`. */
  readonly kind: "headwise/live-result";
  /** Version of this shape. */
  readonly schemaVersion: typeof LIVE_SCHEMA_VERSION;
  /** When the run ended, ISO 8601 in UTC. */
  readonly createdAt: string;
  /** Machine and runtime of the client. */
  readonly environment: BenchEnvironment;
  /** Workload whose requests were replayed. */
  readonly workload: { readonly name: string; readonly sha256: string };
  /** Requests replayed. */
  readonly requests: RequestsIdentity;
  /** How the servers were asked. */
  readonly settings: LiveSettings;
  /** What each metric means, by name. */
  readonly formulas: Readonly<Record<string, string>>;
  /** Replays, by server. */
  readonly sides: readonly LiveSide[];
  /** Verdict, or null with one server alone. */
  readonly gate: LiveGateReport | null;
}
