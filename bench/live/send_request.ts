/** One request to a streaming server, timed. It is sent once: nothing is tried again. */

import type { TraceRequest } from "../../fixtures/mod.ts";
import { type AnswerProgress, beginAnswer, checkAnswer, readAnswer } from "./answer.ts";
import { shorten } from "./completion_chunk.ts";
import type { LiveSettings } from "./live_schema.ts";
import type { LiveClient, LiveRecord } from "./live_types.ts";
import { promptIds, promptWords } from "./prompt.ts";
import { RequestFailure } from "./failures.ts";
import { StreamFormatError } from "./sse.ts";
import { redactTokens } from "./token.ts";

/** What a request is sent with. */
export interface SendOptions extends LiveClient {
  /** When the request was due, in milliseconds of `nowMs`. */
  readonly scheduledMs: number;
  /** Time since the start of the replay, in milliseconds. */
  readonly nowMs: () => number;
}

/** Sends a request and reads its answer to the end; a failure is part of the record. */
export async function sendRequest(request: TraceRequest, o: SendOptions): Promise<LiveRecord> {
  const body = JSON.stringify(requestBody(request, o));
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  o.signal.addEventListener("abort", stop);
  const watch = watchTime(abort, o.settings);
  const progress = beginAnswer();
  const sentMs = o.nowMs();
  let failure: RequestFailure | null = null;
  try {
    const response = await fetch(`${o.endpoint.url}/${PATHS[o.settings.api]}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "accept": "text/event-stream",
        ...(o.endpoint.token === null ? {} : { "authorization": `Bearer ${o.endpoint.token}` }),
      },
      body,
      redirect: "manual",
      signal: abort.signal,
      client: o.client,
    });
    await readAnswer(response, progress, { nowMs: o.nowMs, onBytes: watch.touch });
    checkAnswer(progress, {
      outputTokens: request.outputTokens,
      isWhole: o.settings.ignoreEos,
    });
  } catch (error) {
    o.signal.throwIfAborted();
    failure = describeFailure(error, {
      expired: watch.expired(),
      started: progress.firstMs !== null,
    });
  } finally {
    watch.clear();
    o.signal.removeEventListener("abort", stop);
  }
  const { firstMs, lastMs, gapsMs, promptTokens } = progress;
  return {
    request,
    scheduledMs: o.scheduledMs,
    sentMs,
    firstMs,
    lastMs,
    endMs: o.nowMs(),
    gapsMs,
    ...countChunks(progress),
    promptTokens,
    completionTokens: progress.usage?.completionTokens ?? null,
    error: failure === null ? null : {
      request: request.id,
      kind: failure.kind,
      message: redactTokens(failure.message, [o.endpoint.token]),
    },
  };
}

const PATHS = { completions: "completions", chat: "chat/completions" } as const;

function requestBody(
  request: TraceRequest,
  { endpoint, settings, promptSeed, prefixBlockTokens }: SendOptions,
): Record<string, unknown> {
  const seed = { seed: promptSeed, blockTokens: prefixBlockTokens };
  const text = (): string => promptWords(request, seed).join(" ");
  const prompt = settings.api === "chat"
    ? { messages: [{ role: "user", content: text() }] }
    : { prompt: settings.promptAs === "text" ? text() : promptIds(request, seed) };
  return {
    model: endpoint.model,
    ...prompt,
    max_tokens: request.outputTokens,
    temperature: 0,
    stream: true,
    // Engines that know the one know the other; a strict server may refuse both.
    stream_options: {
      include_usage: true,
      ...(settings.ignoreEos ? { continuous_usage_stats: true } : {}),
    },
    ...(settings.ignoreEos ? { ignore_eos: true } : {}),
  };
}

/**
 * Tokens of each chunk. A server that counts in every event is believed; its last tokens may have no
 * text. Otherwise the total of the last count is spread evenly, which is exact where every chunk is one
 * token.
 */
function countChunks(
  { countedUpTo, usage }: AnswerProgress,
): { chunkTokens: number[] | null; exactChunks: boolean } {
  const chunks = countedUpTo.length;
  if (usage === null || chunks === 0) return { chunkTokens: null, exactChunks: false };
  const steps = countedUpTo.map((count, i) =>
    count === null ? -1 : count - (i === 0 ? 0 : countedUpTo[i - 1] ?? count)
  );
  const isCounted = (countedUpTo[chunks - 1] ?? Infinity) <= usage.completionTokens;
  if (isCounted && steps.every((tokens) => tokens > 0)) {
    return { chunkTokens: steps, exactChunks: true };
  }
  const share = usage.completionTokens / chunks;
  if (share < 1) return { chunkTokens: null, exactChunks: false };
  return { chunkTokens: Array<number>(chunks).fill(share), exactChunks: share === 1 };
}

/** Ends a request that takes too long in all, or too long without a byte. */
function watchTime(
  abort: AbortController,
  { requestTimeoutMs, idleTimeoutMs }: LiveSettings,
): { touch: () => void; clear: () => void; expired: () => string | null } {
  let expired: string | null = null;
  const expire = (why: string) => (): void => {
    expired ??= why;
    abort.abort();
  };
  const total = setTimeout(expire(`No end after ${requestTimeoutMs} ms`), requestTimeoutMs);
  const silence = expire(`No byte for ${idleTimeoutMs} ms`);
  let idle = setTimeout(silence, idleTimeoutMs);
  return {
    touch(): void {
      clearTimeout(idle);
      idle = setTimeout(silence, idleTimeoutMs);
    },
    clear(): void {
      clearTimeout(total);
      clearTimeout(idle);
    },
    expired: () => expired,
  };
}

function describeFailure(
  error: unknown,
  o: { readonly expired: string | null; readonly started: boolean },
): RequestFailure {
  if (o.expired !== null) return new RequestFailure("timeout", o.expired);
  if (error instanceof RequestFailure) return error;
  if (error instanceof StreamFormatError) return new RequestFailure("malformed", error.message);
  const message = shorten(error instanceof Error ? error.message : String(error));
  if (error instanceof Deno.errors.NotCapable) throw error;
  const kind = o.started || /body|connection (?:reset|closed)/i.test(message)
    ? "disconnected"
    : "connect";
  return new RequestFailure(kind, message);
}
