/** What a benchmark of live servers is made from, and the course of its requests. */

import type { TraceRequest, Workload } from "../../fixtures/mod.ts";
import type { BenchEnvironment } from "../result/mod.ts";
import type { BenchTrace } from "../run/mod.ts";
import type { AnswerProgress } from "./answer.ts";
import type { LiveError, LiveSettings } from "./live_schema.ts";

/** A server to ask. */
export interface LiveEndpoint {
  /** Base URL, up to and with the version: `http://127.0.0.1:8000/v1`. */
  readonly url: string;
  /** Name of the model that the server is asked for. */
  readonly model: string;
  /** Bearer token of visible ASCII, or null; this server alone gets it, and no result holds it. */
  readonly token: string | null;
}

/** What the requests of a replay are sent with. */
export interface LiveClient {
  readonly endpoint: LiveEndpoint;
  readonly settings: LiveSettings;
  readonly client: Deno.HttpClient;
  /** Seed of the prompts' words. */
  readonly promptSeed: number;
  /** Tokens of a prefix block of the requests. */
  readonly prefixBlockTokens: number;
  /** Stops the replay and every request of it. */
  readonly signal: AbortSignal;
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

/** The course of one request, in milliseconds after the start of its replay. */
export interface LiveRecord
  extends Readonly<Pick<AnswerProgress, "firstMs" | "lastMs" | "promptTokens">> {
  readonly request: TraceRequest;
  /** When it was due. */
  readonly scheduledMs: number;
  readonly sentMs: number;
  /** When it was over. */
  readonly endMs: number;
  /** Gaps between chunks with text, in milliseconds. */
  readonly gapsMs: readonly number[];
  /** Tokens of the first chunk and of the chunk after each gap; null where no count is known. */
  readonly chunkTokens: readonly number[] | null;
  /** Whether `chunkTokens` are the server's counts and not the total spread evenly. */
  readonly exactChunks: boolean;
  /** Answer tokens by the server's count, or null. */
  readonly completionTokens: number | null;
  /** Why it failed, or null. */
  readonly error: LiveError | null;
}
