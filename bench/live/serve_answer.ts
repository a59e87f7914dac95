/** Answers of the server: whole or streamed, in the shape of either API. */

import type { ServeEngine } from "./serve_engine.ts";
import type { ServeFault } from "./serve_faults.ts";
import { type CompletionRequest, RefusedRequest } from "./serve_request.ts";
import type { UnreadBytes, UnreadStream } from "./unread_bytes.ts";

const TEXT = new TextEncoder();

/** What an answer needs of the server. */
export interface AnswerServer {
  readonly engine: ServeEngine;
  /** Most requests taken at once, for the message of the refusal. */
  readonly maxRequests: number;
  /** What clients have not read. */
  readonly unread: UnreadBytes;
  readonly tokensPerEvent: number;
}

/** What is kept of a request while it is answered. */
export interface AskedAnswer extends Omit<CompletionRequest, "promptTokens"> {
  /** Tokens of the prompt. */
  readonly inputTokens: number;
  /** Ids of its prefix blocks; none where they are not shared. */
  readonly prefixBlocks: readonly number[];
}

/** An answer that is being made. */
export interface Answer {
  readonly asked: AskedAnswer;
  readonly chat: boolean;
  readonly fault: ServeFault | null;
  readonly id: string;
}

function submit(
  server: AnswerServer,
  { asked }: Answer,
  on: { readonly tokens: (tokens: number) => void; readonly end: (reason: string | null) => void },
): () => void {
  const cancel = server.engine.submit({
    inputTokens: asked.inputTokens,
    outputTokens: asked.maxTokens,
    prefixBlocks: asked.prefixBlocks,
    onTokens: on.tokens,
    onEnd: on.end,
  });
  if (cancel !== null) return cancel;
  throw new RefusedRequest(429, `${server.maxRequests} requests are being served already`);
}

/** Answers once everything is there. */
export function wholeAnswer(server: AnswerServer, answer: Answer): Promise<Response> {
  const { promise, resolve } = Promise.withResolvers<Response>();
  let tokens = 0;
  submit(server, answer, {
    tokens: (count) => tokens += count,
    end(reason): void {
      if (reason !== null) return resolve(errorResponse(500, reason));
      const text = Array.from({ length: tokens }, (_, index) => wordOf(index)).join("");
      const said = answer.chat ? { message: { role: "assistant", content: text } } : { text };
      const choices = [{ index: 0, ...said, finish_reason: "length" }];
      resolve(Response.json({ ...head(answer), choices, usage: usage(answer, tokens) }));
    },
  });
  return promise;
}

/** Answers token by token. */
export function streamAnswer(server: AnswerServer, answer: Answer): Response {
  const { asked, fault } = answer;
  const half = Math.floor(asked.maxTokens / 2);
  const { unread } = server;
  let cancel = (): void => {};
  let stream: UnreadStream;
  let open = true;
  let made = 0;
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    start(controller): void {
      const send = (data: string): void => {
        if (!open) return;
        const bytes = TEXT.encode(`data: ${data}\n\n`);
        controller.enqueue(bytes);
        unread.onQueued(stream, bytes.length);
      };
      const breakOff = (why: string): void => {
        open = false;
        unread.streams.delete(stream);
        cancel();
        controller.error(new Error(`The answer was broken off: ${why}`));
      };
      const finish = (): void => {
        open = false;
        unread.streams.delete(stream);
        controller.close();
      };
      stream = { breakOff, waitingBytes: () => -(controller.desiredSize ?? 0) };
      unread.streams.add(stream);
      const flush = (all: boolean): void => {
        while (made - sent >= server.tokensPerEvent || (all && made > sent)) {
          const count = Math.min(server.tokensPerEvent, made - sent);
          send(JSON.stringify(chunkOf(answer, { first: sent, count })));
          sent += count;
        }
      };
      cancel = submit(server, answer, {
        tokens(count): void {
          if (!open) return;
          made += count;
          flush(false);
          if (fault === null || !open || made <= half) return;
          if (fault === "disconnect") return breakOff("this request was told to");
          if (fault === "malformed") send('{"choices": [');
          if (fault === "server") {
            send(JSON.stringify({ error: { message: "This request was told to fail" } }));
            finish();
          }
          if (fault === "abort" || fault === "cut") {
            if (fault === "abort") {
              send(JSON.stringify({ ...head(answer), choices: [lastChoice(answer, "abort")] }));
            }
            send("[DONE]");
            finish();
          }
          // Silent from here on, and the connection stays open until the client closes it.
          if (fault === "stall") open = false;
          else cancel();
        },
        end(reason): void {
          if (!open) return;
          if (reason !== null) {
            send(JSON.stringify({ error: { message: reason } }));
            return finish();
          }
          flush(true);
          send(JSON.stringify({ ...head(answer), choices: [lastChoice(answer)] }));
          if (asked.includeUsage) {
            send(JSON.stringify({ ...head(answer), choices: [], usage: usage(answer, sent) }));
          }
          send("[DONE]");
          if (open) finish();
        },
      });
    },
    cancel(): void {
      open = false;
      unread.streams.delete(stream);
      cancel();
    },
  }, new ByteLengthQueuingStrategy({ highWaterMark: 0 }));
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
  });
}

function head({ asked, chat, id }: Answer): Record<string, unknown> {
  const object = chat
    ? (asked.stream ? "chat.completion.chunk" : "chat.completion")
    : "text_completion";
  return { id, object, created: Math.floor(Date.now() / 1000), model: asked.model };
}

function chunkOf(
  answer: Answer,
  o: { readonly first: number; readonly count: number },
): Record<string, unknown> {
  const text = Array.from({ length: o.count }, (_, i) => wordOf(o.first + i)).join("");
  const said = answer.chat ? { delta: { content: text } } : { text };
  return {
    ...head(answer),
    choices: [{ index: 0, ...said, finish_reason: null }],
    ...(answer.asked.continuousUsage ? { usage: usage(answer, o.first + o.count) } : {}),
  };
}

function lastChoice(
  { chat }: Answer,
  finishReason: "length" | "abort" = "length",
): Record<string, unknown> {
  return { index: 0, ...(chat ? { delta: {} } : { text: "" }), finish_reason: finishReason };
}

function usage({ asked }: Answer, completionTokens: number): Record<string, number> {
  const promptTokens = asked.inputTokens;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}

/** Text of an answer's n-th token. */
function wordOf(index: number): string {
  return index % 12 === 11 ? " so\n" : " so";
}

/** An error in the shape that clients know. */
export function errorResponse(status: number, message: string): Response {
  const headers = status === 429 || status === 503 ? { "retry-after": "1" } : undefined;
  return Response.json({ error: { message, type: "invalid_request_error", code: status } }, {
    status,
    ...(headers === undefined ? {} : { headers }),
  });
}
