/** Latencies and goodput of one replay against a live server. */

import { summarize, summarizeWeighted } from "../statistics/mod.ts";
import { countFailures } from "./failures.ts";
import type { LivePerformance, LiveRun, LiveSamples, TokenAccount } from "./live_schema.ts";
import type { LiveRecord } from "./live_types.ts";
import type { OpenLoopLog } from "./open_loop.ts";
import { meetsObjectives, type ServiceObjectives } from "./slo.ts";

/** What the metrics of a live result mean, by name. */
export const LIVE_FORMULAS: Readonly<Record<string, string>> = {
  ttftMs: "arrival of the first text − scheduled arrival; the client's own queue is part of it",
  serviceTtftMs: "arrival of the first text − sending",
  clientQueueMs: "sending − scheduled arrival: the concurrency cap, and timers that fire late",
  tbtMs:
    "gap before a chunk / tokens of the chunk, once for each token, pooled over all requests; " +
    "tokens by the usage count of every event, else by the last one spread evenly over the chunks",
  chunkGapMs: "gaps between chunks with text, pooled; a chunk may hold several tokens",
  tpotMs:
    "(last text − first text) / (tokens up to the last text − tokens of the first chunk), a value " +
    "for each request",
  endToEndMs: "arrival of the last text − scheduled arrival",
  requestsPerSecond: "completed requests / duration",
  outputTokensPerSecond: "usage counts of completed requests / duration",
  goodputPerSecond: "completed requests that meet every objective / duration",
  goodShare: "the same / all requests; a failed request is never good",
  durationMs: "first scheduled arrival to last byte",
  promptTokens:
    "a word is taken for a token when prompts are made; the server's count is the truth",
};

/** Computes the metrics of a finished replay. */
export function measureLive(
  log: OpenLoopLog,
  objectives: ServiceObjectives | null,
): Pick<LiveRun, "performance" | "samples"> {
  const { records } = log;
  const served = records.filter(({ error }) => error === null);
  const each = (pick: (record: LiveRecord) => number | null): (number | null)[] =>
    records.map((record) => (record.error === null ? rounded(pick(record)) : null));
  const samples: LiveSamples = {
    ttftMs: each((record) => record.firstMs! - record.scheduledMs),
    clientQueueMs: each((record) => record.sentMs - record.scheduledMs),
    tpotMs: each(tpotOf),
    endToEndMs: each((record) => record.lastMs! - record.scheduledMs),
  };
  const startMs = Math.min(...records.map(({ scheduledMs }) => scheduledMs));
  const durationMs = Math.max(...records.map(({ endMs }) => endMs)) - startMs;
  const rate = (count: number | null): number | null =>
    served.length === 0 || durationMs <= 0 || count === null ? null : count / durationMs * 1000;
  const good = objectives === null
    ? null
    : records.filter((record, index) =>
      record.error === null &&
      meetsObjectives(objectives, {
        ttftMs: samples.ttftMs[index],
        tpotMs: samples.tpotMs[index],
        endToEndMs: samples.endToEndMs[index],
      })
    ).length;
  const outputTokens = account(served, ({ request, completionTokens }) => [
    request.outputTokens,
    completionTokens,
  ]);
  return {
    performance: {
      ttftMs: summarizePresent(samples.ttftMs),
      serviceTtftMs: summarize(served.map((record) => record.firstMs! - record.sentMs)),
      clientQueueMs: summarizePresent(samples.clientQueueMs),
      tbtMs: summarizeGaps(served),
      chunkGapMs: summarize(served.flatMap(({ gapsMs }) => gapsMs)),
      tpotMs: summarizePresent(samples.tpotMs),
      endToEndMs: summarizePresent(samples.endToEndMs),
      exactChunkRequests: served.filter(({ exactChunks }) => exactChunks).length,
      durationMs,
      completed: served.length,
      failed: records.length - served.length,
      failedByKind: countFailures(records.flatMap(({ error }) => error ?? [])),
      requestsPerSecond: rate(served.length),
      outputTokensPerSecond: rate(outputTokens.counted),
      goodputPerSecond: good === null || durationMs <= 0 ? null : good / durationMs * 1000,
      goodShare: good === null || records.length === 0 ? null : good / records.length,
      peakInFlight: log.peakInFlight,
      promptTokens: account(served, ({ request, promptTokens }) => [
        request.inputTokens,
        promptTokens,
      ]),
      outputTokens,
    },
    samples,
  };
}

function tpotOf({ firstMs, lastMs, chunkTokens }: LiveRecord): number | null {
  if (chunkTokens === null) return null;
  const tokens = chunkTokens.slice(1).reduce((sum, each) => sum + each, 0);
  return tokens > 0 ? (lastMs! - firstMs!) / tokens : null;
}

/** Null as soon as one request has no counts: a part of the requests would be another workload. */
function summarizeGaps(served: readonly LiveRecord[]): LivePerformance["tbtMs"] {
  const gaps: number[] = [];
  const weights: number[] = [];
  for (const { gapsMs, chunkTokens } of served) {
    if (chunkTokens === null) return null;
    gapsMs.forEach((gapMs, i) => {
      gaps.push(gapMs / chunkTokens[i + 1]);
      weights.push(chunkTokens[i + 1]);
    });
  }
  const summary = summarizeWeighted(gaps, weights);
  // A total that is spread evenly gives chunks parts of tokens.
  return summary === null ? null : { ...summary, count: Math.round(summary.count) };
}

function account(
  served: readonly LiveRecord[],
  pick: (record: LiveRecord) => readonly [number, number | null],
): TokenAccount {
  let asked = 0;
  let counted: number | null = served.length === 0 ? null : 0;
  for (const record of served) {
    const [wanted, found] = pick(record);
    asked += wanted;
    counted = counted === null || found === null ? null : counted + found;
  }
  return { asked, counted };
}

function summarizePresent(values: readonly (number | null)[]): LivePerformance["ttftMs"] {
  return summarize(values.filter((value) => value !== null));
}

/** Microseconds are kept: finer than any timer here. */
function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 1000) / 1000;
}
