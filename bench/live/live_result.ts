/** Live results as files. */

import { z } from "zod";
import {
  comparison,
  count,
  environment,
  parseDocument,
  readResultText,
  serializeSamples,
  summary,
  verdict,
} from "../result/mod.ts";
import { LIVE_SCHEMA_VERSION, type LiveResult } from "./live_types.ts";

const text = z.string();
const nullable = z.number().nullable();

const account = z.strictObject({ asked: count, counted: nullable });

const performance = z.strictObject({
  ttftMs: summary,
  serviceTtftMs: summary,
  clientQueueMs: summary,
  tbtMs: summary,
  chunkGapMs: summary,
  tpotMs: summary,
  endToEndMs: summary,
  exactChunkRequests: count,
  durationMs: z.number(),
  completed: count,
  failed: count,
  requestsPerSecond: nullable,
  outputTokensPerSecond: nullable,
  goodputPerSecond: nullable,
  goodShare: nullable,
  peakInFlight: count,
  promptTokens: account,
  outputTokens: account,
});

const error = z.strictObject({
  request: count,
  kind: z.enum(["connect", "status", "timeout", "disconnected", "malformed", "server"]),
  message: text,
});

const samples = z.strictObject({
  ttftMs: z.array(nullable),
  clientQueueMs: z.array(nullable),
  tpotMs: z.array(nullable),
  endToEndMs: z.array(nullable),
});

const side = z.strictObject({
  role: z.enum(["endpoint", "against"]),
  url: text,
  model: text,
  runs: z.array(z.strictObject({
    pair: count,
    order: count,
    performance,
    errors: z.array(error),
    samples,
  })),
});

const liveResult: z.ZodType<LiveResult> = z.strictObject({
  kind: z.literal("headwise/live-result"),
  schemaVersion: z.literal(LIVE_SCHEMA_VERSION),
  createdAt: text,
  environment,
  workload: z.strictObject({ name: text, sha256: text }),
  requests: z.strictObject({
    count,
    trace: text.nullable(),
    sha256: text.nullable(),
    dropped: z.record(text, count),
  }),
  settings: z.strictObject({
    api: z.enum(["completions", "chat"]),
    promptAs: z.enum(["text", "token-ids"]),
    maxInFlight: count,
    timeScale: z.number(),
    requestTimeoutMs: z.number(),
    idleTimeoutMs: z.number(),
    warmupRequests: count,
    pairs: count,
    ignoreEos: z.boolean(),
    seed: z.number(),
    objectives: z.strictObject({ ttftMs: nullable, tbtMs: nullable, endToEndMs: nullable })
      .nullable(),
  }),
  formulas: z.record(text, text),
  sides: z.array(side),
  gate: z.strictObject({
    gate: z.literal("gate/live"),
    verdict,
    reasons: z.array(text),
    pairs: count,
    comparisons: z.array(comparison),
  }).nullable(),
});

/**
 * Parses a stored live result.
 *
 * @param text Text of the file.
 * @param o Name of the file, for messages.
 * @returns The result.
 * @throws {ResultError} When the text is no live result of this version.
 */
export function parseLiveResult(text: string, o: { readonly file: string }): LiveResult {
  return parseDocument(text, { ...o, schema: liveResult, versions: [LIVE_SCHEMA_VERSION] });
}

/**
 * Reads a stored live result.
 *
 * @param path Path of the file.
 * @returns The result.
 * @throws {ResultError} When the file cannot be read or is no live result of this version.
 */
export async function readLiveResult(path: string): Promise<LiveResult> {
  return parseLiveResult(await readResultText(path), { file: path });
}

/**
 * Text of a live result's file: indented, but raw samples on one line each.
 *
 * @param result Result to write.
 * @returns JSON that ends with a newline.
 */
export function serializeLiveResult(result: LiveResult): string {
  return serializeSamples(result);
}
