/** What the replays of one side measured. */

import { z } from "zod";
import { count, nullableNumber, summary } from "./parts.ts";
import { timeline, tokenGaps } from "./recording.ts";
import { sideName } from "./sides.ts";
import type { Stored } from "../../fixtures/mod.ts";

const latencies = z.strictObject({
  /** Time to first token, from the scheduled arrival, in milliseconds. */
  ttftMs: summary,
  /** Time between tokens, pooled over all tokens, in milliseconds. */
  tbtMs: summary,
});

const peakPages = z.strictObject({
  /** Head-pages of full heads held at once. */
  fullHeads: count,
  /** Head-pages of window heads held at once. */
  windowHeads: count,
  /** Head-pages of all pools together. */
  capacity: count,
});

const prefixUse = z.strictObject({
  /** Requests admitted, once again after each preemption. */
  lookups: count,
  /** Admissions that found a prefix. */
  hits: count,
  /** Prompt tokens that were not computed because their pages were shared. */
  hitTokens: count,
  /** Blocks ever cached. */
  insertedBlocks: count,
  /** Blocks evicted, or dropped because no request could continue from them. */
  evictedBlocks: count,
});

const performance = z.strictObject({
  /** Times of whole steps; the gates judge these. */
  whole: latencies,
  /** The attention part of the same times. */
  attentionOnly: latencies,
  /**
   * Largest relative error of the quantiles of gaps between tokens, where there were too many to keep;
   * absent where they are exact.
   */
  tbtRelativeError: z.number().exactOptional(),
  /** From the scheduled arrival to the first step with the request in it, in milliseconds. */
  queueMs: summary,
  /** From the first step with the request in it to its first token; absent in older files. */
  ttftWithoutQueueMs: summary.exactOptional(),
  /** Time per output token after the first, a value for each request, in milliseconds. */
  tpotMs: summary,
  /** From the scheduled arrival to the last token, in milliseconds. */
  endToEndMs: summary,
  /** From the first arrival to the last token, in milliseconds. */
  durationMs: z.number(),
  /** Completed requests per second, or null when nothing completed. */
  requestsPerSecond: nullableNumber,
  /** Output tokens per second, or null when nothing completed. */
  outputTokensPerSecond: nullableNumber,
  /** Input and output tokens per second, or null when nothing completed. */
  totalTokensPerSecond: nullableNumber,
  /** Running requests, averaged over the time of all steps. */
  meanConcurrency: nullableNumber,
  /** Most requests running in one step. */
  peakConcurrency: count,
  /** Running requests, averaged over the time in which another waited for pages; null if none did. */
  memoryBoundConcurrency: nullableNumber,
  /** Times that a request lost its pages and started over. */
  preemptions: count,
  /** Most pages held at once. */
  peakPages,
  /** What was shared, or null without a prefix cache. */
  prefixCache: prefixUse.nullable(),
  steps: count,
  /** Time of all steps spent in attention, in milliseconds. */
  attentionMs: z.number(),
  /** Time of all steps spent in the rest, in milliseconds. */
  restMs: z.number(),
});

const samples = z.strictObject({
  /** Time to first token in milliseconds, rounded to a nanosecond. */
  ttftMs: z.array(nullableNumber),
  /** Waiting before the first step, in milliseconds. */
  queueMs: z.array(nullableNumber),
  /** Arrivals of a closed loop, in milliseconds; absent where the requests' own ones hold. */
  arrivalMs: z.array(z.number()).exactOptional(),
  /** Time per output token after the first, in milliseconds; null below two tokens. */
  tpotMs: z.array(nullableNumber),
  /** Arrival to last token, in milliseconds. */
  endToEndMs: z.array(nullableNumber),
  preemptions: z.array(count),
});

const failedRequest = z.strictObject({
  /** Id of the request. */
  request: count,
  /** What stopped it, with the figures. */
  reason: z.string(),
});

const run = z.strictObject({
  /** Index of the pair, from 0. */
  pair: count,
  /** Position among all replays in the order in which they ran, from 0. */
  order: count,
  /** What was measured; null where a check failed, for a wrong kernel has no timing. */
  performance: performance.nullable(),
  /** Requests that were not served. */
  failedRequests: z.array(failedRequest),
  /** Raw values; null where `performance` is. */
  samples: samples.nullable(),
  /** Gaps between tokens; null where they were not recorded, or `performance` is null. */
  tokenGaps: tokenGaps.nullable().default(null),
  /** Steps of the first pair; null in others, where they were not recorded, or `performance` is. */
  timeline: timeline.nullable().default(null),
});

/** All replays of one side. */
export const side = z.strictObject({
  name: sideName,
  layout: z.enum(["uniform", "headwise", "pooled"]),
  walk: z.enum(["row", "visible"]),
  /** Whether window pages were recycled. */
  recycle: z.boolean(),
  /** One entry per pair. */
  runs: z.array(run),
});

/** Most pages held at once. */
export type PeakPages = Stored<typeof peakPages>;
/** What a prefix cache spared one replay, on the measured rank. */
export type PrefixUse = Stored<typeof prefixUse>;
/** What one replay measured. */
export type RunPerformance = Stored<typeof performance>;
/** Raw values of each request of one replay, in the order of the requests; null where it failed. */
export type RequestSamples = Stored<typeof samples>;
/** A request that was not served, and why. */
export type FailedRequest = Stored<typeof failedRequest>;
/** One replay of one side. */
export type RunResult = Stored<typeof run>;
/** All replays of one side. */
export type SideResult = Stored<typeof side>;
