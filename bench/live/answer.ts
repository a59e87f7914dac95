/** The streamed answer of one request: read to its end, and judged whole or failed. */

import { parseJson } from "../../fixtures/mod.ts";
import { asRecord, errorOf, parseChunk, shorten, type TokenUsage } from "./completion_chunk.ts";
import { RequestFailure } from "./failures.ts";
import { readEvents } from "./sse.ts";

/** What has been seen of an answer: nothing yet. */
export function beginAnswer() {
  return {
    /** When its first text came, or null. */
    firstMs: null as number | null,
    /** When its last text came, or null. */
    lastMs: null as number | null,
    /** Gaps between chunks with text, in milliseconds. */
    gapsMs: [] as number[],
    /** Answer tokens counted up to each chunk with text, or null where the event had no usage. */
    countedUpTo: [] as (number | null)[],
    /** The last counts. */
    usage: null as TokenUsage | null,
    /** Prompt tokens by the server's count, or null. */
    promptTokens: null as number | null,
    /** Why it ended; the first reason that is not a whole answer stays. */
    finishReason: null as string | null,
    /** Whether the stream said `[DONE]`. */
    isDone: false,
  };
}

/** What has been seen of an answer. */
export type AnswerProgress = ReturnType<typeof beginAnswer>;

/**
 * Reasons to end that whole answers have; every other one, such as `abort`, `error` or
 * `content_filter`, is a failure, and so is one that is not known here.
 */
const WHOLE_REASONS: readonly string[] = ["stop", "length", "tool_calls", "function_call"];

/**
 * Reads an answer to its end.
 *
 * @param progress Filled in as the answer comes, so that a failure leaves what was seen.
 * @param o Clock, and what to call at every part.
 * @throws {RequestFailure} When the server says that it failed.
 * @throws {StreamFormatError} When the body is no stream of completions.
 */
export async function readAnswer(
  response: Response,
  progress: AnswerProgress,
  o: { readonly nowMs: () => number; readonly onBytes: () => void },
): Promise<void> {
  if (response.status !== 200 || response.body === null) {
    const text = response.body === null ? "" : await readStart(response.body);
    throw new RequestFailure("status", `Status ${response.status}: ${shorten(text)}`);
  }
  const type = response.headers.get("content-type") ?? "nothing";
  if (!type.includes("text/event-stream")) await refuseOther(response.body, type);
  const watched = response.body.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(part, controller): void {
        o.onBytes();
        controller.enqueue(part);
      },
    }),
  );
  for await (const data of readEvents(watched)) {
    if (data.trim() === "[DONE]") {
      progress.isDone = true;
      break;
    }
    const chunk = parseChunk(data);
    if (chunk.error !== null) throw new RequestFailure("server", chunk.error);
    if (progress.finishReason === null || WHOLE_REASONS.includes(progress.finishReason)) {
      progress.finishReason = chunk.finishReason ?? progress.finishReason;
    }
    if (chunk.usage !== null) {
      progress.usage = chunk.usage;
      progress.promptTokens = chunk.usage.promptTokens ?? progress.promptTokens;
    }
    // Text before the first token, by the server's own count, is none of the answer's.
    if (chunk.text === "" || chunk.usage?.completionTokens === 0) continue;
    const now = o.nowMs();
    if (progress.lastMs === null) progress.firstMs = now;
    else progress.gapsMs.push(now - progress.lastMs);
    progress.lastMs = now;
    progress.countedUpTo.push(chunk.usage?.completionTokens ?? null);
  }
}

/**
 * Judges an answer that came to its end: a server that ends early or answers less is not a faster
 * one.
 *
 * @param o Tokens that were asked for, and whether all of them had to come.
 * @throws {RequestFailure} When it was cut off, given up, or has another number of tokens.
 */
export function checkAnswer(
  progress: AnswerProgress,
  o: { readonly outputTokens: number; readonly isWhole: boolean },
): void {
  const { finishReason, isDone, usage, countedUpTo } = progress;
  if (finishReason === null) {
    const end = isDone ? "[DONE] came" : "the stream ended";
    throw new RequestFailure("cut-off", `The answer was cut off: ${end} without a finish_reason`);
  }
  if (!WHOLE_REASONS.includes(finishReason)) {
    const reason = `The answer ended with finish_reason '${shorten(finishReason)}'`;
    throw new RequestFailure("finish-reason", `${reason}, which is not that of a whole answer`);
  }
  const tokens = usage?.completionTokens ?? countedUpTo.length;
  if (tokens > o.outputTokens || (o.isWhole && tokens < o.outputTokens)) {
    const counted = usage === null
      ? "chunks counted, as the server sends no usage"
      : "by the server's usage";
    const fix = tokens > o.outputTokens
      ? "the server does not keep to max_tokens"
      : "where answers may end early, use --no-ignore-eos";
    throw new RequestFailure(
      "token-count",
      `The answer has ${tokens} tokens (${counted}) of ${o.outputTokens} asked for; ${fix}`,
    );
  }
  if (usage !== null && countedUpTo.length > tokens) {
    throw new RequestFailure(
      "token-count",
      `The answer came in ${countedUpTo.length} chunks with text and has ${tokens} tokens by the ` +
        "server's usage; a chunk has one at least",
    );
  }
  if (progress.firstMs === null) {
    throw new RequestFailure("malformed", "The answer has no text");
  }
}

/** A body that is no event stream may still say what went wrong. */
async function refuseOther(body: ReadableStream<Uint8Array>, type: string): Promise<never> {
  const text = await readStart(body);
  const record = asRecord(parseJson(text));
  const error = record === null ? null : errorOf(record);
  if (error !== null) throw new RequestFailure("server", error);
  throw new RequestFailure(
    "malformed",
    `The answer is '${shorten(type)}' and no event stream: ${shorten(text)}`,
  );
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
