/** One request to a streaming server, timed. It is sent once: nothing is tried again. */

import type { TraceRequest } from "../../fixtures/mod.ts";
import { parseChunk, shorten, type TokenUsage } from "./completion_chunk.ts";
import type { LiveErrorKind, LiveSettings } from "./live_schema.ts";
import type { LiveEndpoint, LiveRecord } from "./live_types.ts";
import { promptIds, promptWords } from "./prompt.ts";
import { readEvents, StreamFormatError } from "./sse.ts";
import { redactTokens } from "./token.ts";

/** What a request is sent with. */
export interface SendOptions {
  /** Server to ask. */
  readonly endpoint: LiveEndpoint;
  /** How to ask. */
  readonly settings: LiveSettings;
  /** Connections. */
  readonly client: Deno.HttpClient;
  /** Seed of the prompt's words. */
  readonly promptSeed: number;
  /** Tokens of a prefix block of the requests. */
  readonly prefixBlockTokens: number;
  /** When the request was due, in milliseconds of `nowMs`. */
  readonly scheduledMs: number;
  /** Time since the start of the replay, in milliseconds. */
  readonly nowMs: () => number;
  /** Stops the request. */
  readonly signal: AbortSignal;
}

/** What has been seen of an answer. */
interface Progress {
  firstMs: number | null;
  lastMs: number | null;
  readonly gapsMs: number[];
  /** Answer tokens counted up to each chunk with text, or null where the event had no usage. */
  readonly countedUpTo: (number | null)[];
  usage: TokenUsage | null;
  promptTokens: number | null;
  finished: boolean;
}

/** A failure with its kind, on its way to the record. */
class RequestFailure extends Error {
  readonly kind: LiveErrorKind;

  constructor(kind: LiveErrorKind, message: string) {
    super(message);
    this.name = "RequestFailure";
    this.kind = kind;
  }
}

/** Sends a request and reads its answer to the end; a failure is part of the record. */
export async function sendRequest(request: TraceRequest, o: SendOptions): Promise<LiveRecord> {
  const body = JSON.stringify(requestBody(request, o));
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  o.signal.addEventListener("abort", stop, { once: true });
  const watch = watchTime(abort, o.settings);
  const progress: Progress = {
    firstMs: null,
    lastMs: null,
    gapsMs: [],
    countedUpTo: [],
    usage: null,
    promptTokens: null,
    finished: false,
  };
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
  return {
    request,
    scheduledMs: o.scheduledMs,
    sentMs,
    firstMs: progress.firstMs,
    lastMs: progress.lastMs,
    endMs: o.nowMs(),
    gapsMs: progress.gapsMs,
    ...countChunks(progress),
    promptTokens: progress.promptTokens,
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
    stream_options: { include_usage: true },
    ...(settings.ignoreEos ? { ignore_eos: true } : {}),
  };
}

async function readAnswer(
  response: Response,
  progress: Progress,
  o: { readonly nowMs: () => number; readonly onBytes: () => void },
): Promise<void> {
  if (response.status !== 200 || response.body === null) {
    const text = response.body === null ? "" : await readStart(response.body);
    throw new RequestFailure("status", `Status ${response.status}: ${shorten(text)}`);
  }
  const type = response.headers.get("content-type") ?? "nothing";
  if (!type.includes("text/event-stream")) {
    await response.body.cancel();
    throw new RequestFailure("malformed", `The answer is '${type}' and no event stream`);
  }
  const watched = response.body.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(part, controller): void {
        o.onBytes();
        controller.enqueue(part);
      },
    }),
  );
  for await (const data of readEvents(watched)) {
    if (data === "[DONE]") {
      progress.finished = true;
      break;
    }
    const chunk = parseChunk(data);
    if (chunk.error !== null) throw new RequestFailure("server", chunk.error);
    if (chunk.finishReason !== null) progress.finished = true;
    if (chunk.usage !== null) {
      progress.usage = chunk.usage;
      progress.promptTokens = chunk.usage.promptTokens ?? progress.promptTokens;
    }
    if (chunk.text === "") continue;
    const now = o.nowMs();
    if (progress.lastMs === null) progress.firstMs = now;
    else progress.gapsMs.push(now - progress.lastMs);
    progress.lastMs = now;
    progress.countedUpTo.push(chunk.usage?.completionTokens ?? null);
  }
  if (!progress.finished) {
    throw new RequestFailure("disconnected", "The stream ended before the answer did");
  }
  if (progress.firstMs === null) {
    throw new RequestFailure("malformed", "The answer has no text");
  }
}

/**
 * Tokens of each chunk. A server that counts in every event is believed; otherwise the total of the
 * last count is spread evenly, which is exact where every chunk is one token.
 */
function countChunks(
  { countedUpTo, usage }: Progress,
): { chunkTokens: number[] | null; exactChunks: boolean } {
  const chunks = countedUpTo.length;
  if (usage === null || chunks === 0) return { chunkTokens: null, exactChunks: false };
  const steps = countedUpTo.map((count, i) =>
    count === null ? -1 : count - (i === 0 ? 0 : countedUpTo[i - 1] ?? count)
  );
  if (steps.every((tokens) => tokens > 0) && countedUpTo[chunks - 1] === usage.completionTokens) {
    return { chunkTokens: steps, exactChunks: true };
  }
  const share = usage.completionTokens / chunks;
  if (share === 0) return { chunkTokens: null, exactChunks: false };
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

/** The first bytes of a body, as text; the rest is not waited for. */
async function readStart(body: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const part of body) {
    text += decoder.decode(part, { stream: true });
    if (text.length > 1000) break;
  }
  return text;
}
