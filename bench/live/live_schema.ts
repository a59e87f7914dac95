/** A stored live result: the one declaration of file and types. */

import { z } from "zod";
import type { Stored } from "../../fixtures/mod.ts";
import {
  comparison,
  count,
  environment,
  parseDocument,
  requestsIdentity,
  summary,
  verdict,
} from "../result/mod.ts";

/** Version of the live result's shape; raised when a field changes its meaning or goes away. */
export const LIVE_SCHEMA_VERSION = 1;

const text = z.string();
const nullable = z.number().nullable();

const accountSchema = z.strictObject({ asked: count, counted: nullable });

/** Kinds of failed requests; each request has one, the first that holds. */
const errorKind = z.enum([
  /** No connection. */
  "connect",
  /** A status other than 200. */
  "status",
  /** No end, or no byte, within the bound. */
  "timeout",
  /** The connection broke. */
  "disconnected",
  /** No stream of completions. */
  "malformed",
  /** The server sent an error in place of the answer or within it. */
  "server",
  /** The stream ended in order, and the answer has no finish reason. */
  "cut-off",
  /** A finish reason that whole answers do not have: `abort`, `error`, `content_filter`, … */
  "finish-reason",
  /** Fewer tokens than were asked for under `ignore_eos`, or more. */
  "token-count",
]);

const performanceSchema = z.strictObject({
  /** Time to first token, from the scheduled arrival. */
  ttftMs: summary,
  /** Time to first token, from sending; what the client's own queue adds is left out. */
  serviceTtftMs: summary,
  /** From the scheduled arrival to sending: the concurrency cap and the client's lateness. */
  clientQueueMs: summary,
  /** Time between tokens by usage counts, pooled over all tokens; null where a count is missing. */
  tbtMs: summary,
  /** Gaps between chunks, pooled. */
  chunkGapMs: summary,
  /** Mean time between the tokens of a request, a value for each request. */
  tpotMs: summary,
  /** From the scheduled arrival to the last token. */
  endToEndMs: summary,
  /** Requests whose tokens of each chunk are the server's counts, of those completed. */
  exactChunkRequests: count,
  /** From the first scheduled arrival to the last byte, in milliseconds. */
  durationMs: z.number(),
  completed: count,
  failed: count,
  /** The same by kind, kinds without any left out; results of earlier versions lack it. */
  failedByKind: z.partialRecord(errorKind, count).exactOptional(),
  /** Completed requests per second, or null. */
  requestsPerSecond: nullable,
  /** Answer tokens per second, by the server's count; null where one is missing. */
  outputTokensPerSecond: nullable,
  /** Completed requests a second that meet every objective; null without objectives. */
  goodputPerSecond: nullable,
  /** Their share of all requests, failed ones included; null without objectives. */
  goodShare: nullable,
  /** Most requests under way at once. */
  peakInFlight: count,
  promptTokens: accountSchema,
  outputTokens: accountSchema,
});

const errorSchema = z.strictObject({
  /** Id of the request. */
  request: count,
  kind: errorKind,
  /** What happened, with the server's own words where there are any. */
  message: text,
});

const samplesSchema = z.strictObject({
  /** Time to first token from the scheduled arrival, in milliseconds. */
  ttftMs: z.array(nullable),
  /** From the scheduled arrival to sending, in milliseconds. */
  clientQueueMs: z.array(nullable),
  /** Mean time between tokens, in milliseconds; null below two. */
  tpotMs: z.array(nullable),
  /** From the scheduled arrival to the last token, in milliseconds. */
  endToEndMs: z.array(nullable),
});

const sideSchema = z.strictObject({
  /** `endpoint` is judged, `against` is what it is judged by. */
  role: z.enum(["endpoint", "against"]),
  url: text,
  model: text,
  /** Requests of the warm-up that failed; results of earlier versions lack it. */
  warmupErrors: z.array(errorSchema).exactOptional(),
  /** One entry per pair. */
  runs: z.array(z.strictObject({
    /** Index of the pair, from 0. */
    pair: count,
    /** Position among all replays, from 0. */
    order: count,
    performance: performanceSchema,
    errors: z.array(errorSchema),
    /** Raw values. */
    samples: samplesSchema,
  })),
});

/** A benchmark of live servers, as stored. */
export const liveResultSchema = z.strictObject({
  kind: z.literal("headwise/live-result"),
  /** Version of this shape. */
  schemaVersion: z.literal(LIVE_SCHEMA_VERSION),
  /** When the run ended, ISO 8601 in UTC. */
  createdAt: text,
  environment,
  workload: z.strictObject({ name: text, sha256: text }),
  requests: requestsIdentity,
  /** How the servers were asked. */
  settings: z.strictObject({
    /** Which of the two streaming APIs. */
    api: z.enum(["completions", "chat"]),
    /** Prompts as text, a word a token, or as token ids, which only `completions` takes. */
    promptAs: z.enum(["text", "token-ids"]),
    /** Most requests under way at once; the others wait in the client. */
    maxInFlight: count,
    /** Factor on all arrival times: 2 is half as fast. */
    timeScale: z.number(),
    /** Most time from sending a request to its last byte, in milliseconds. */
    requestTimeoutMs: z.number(),
    /** Most time without a byte, in milliseconds. */
    idleTimeoutMs: z.number(),
    /** Requests sent and thrown away before the first pair, to each server. */
    warmupRequests: count,
    /** Interleaved repetitions. */
    pairs: count,
    /** Whether to ask for whole answers with `ignore_eos`, which not every server knows. */
    ignoreEos: z.boolean(),
    seed: z.number(),
    /** Objectives of goodput, or null. */
    objectives: z.strictObject({
      /** Time to first token from the scheduled arrival, in milliseconds. */
      ttftMs: nullable,
      /** Mean time between the tokens of a request, in milliseconds. */
      tbtMs: nullable,
      /** From the scheduled arrival to the last token, in milliseconds. */
      endToEndMs: nullable,
    }).nullable(),
  }),
  /** What each metric means, by name. */
  formulas: z.record(text, text),
  /** Replays, by server. */
  sides: z.array(sideSchema),
  /** Verdict, or null with one server alone. */
  gate: z.strictObject({
    gate: z.literal("gate/live"),
    /** Verdict over every demanded metric, lengths of answers and failed requests. */
    verdict,
    /** Why, one line a finding. */
    reasons: z.array(text),
    /** Interleaved repetitions. */
    pairs: count,
    /** Demanded metrics first, then those shown for information. */
    comparisons: z.array(comparison),
  }).nullable(),
});

/**
 * Parses a stored live result.
 *
 * @throws {ResultError} When the text is no live result of this version.
 */
export function parseLiveResult(text: string, o: { readonly file: string }): LiveResult {
  return parseDocument(text, { ...o, schema: liveResultSchema, versions: [LIVE_SCHEMA_VERSION] });
}

/** A benchmark of live servers, as stored. */
export type LiveResult = Stored<typeof liveResultSchema>;
/** How servers are asked. */
export type LiveSettings = LiveResult["settings"];
/** Verdict on two servers, see {@link judgeLive}. */
export type LiveGateReport = NonNullable<LiveResult["gate"]>;
/** All replays against one server. */
export type LiveSide = LiveResult["sides"][number];
/** One replay against one server. */
export type LiveRun = LiveSide["runs"][number];
/** What one replay against one server measured. */
export type LivePerformance = LiveRun["performance"];
/** Raw values of each request, in the order of the requests; null where it failed. */
export type LiveSamples = LiveRun["samples"];
/** A request that failed. */
export type LiveError = LiveRun["errors"][number];
/** Why a request failed. */
export type LiveErrorKind = LiveError["kind"];
/** Tokens that were asked for and that the servers counted. */
export type TokenAccount = LivePerformance["outputTokens"];
