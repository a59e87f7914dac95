/** A server that answers with given events in a given form, for tests of the client. */

import { requestsOf } from "../run/test_support.ts";
import type { LiveSettings } from "./live_schema.ts";
import type { LiveRecord } from "./live_types.ts";
import { DEFAULT_LIVE_SETTINGS } from "./run_live.ts";
import { sendRequest } from "./send_request.ts";

/** How events are put into bytes. */
export interface TransportForm {
  /** Name in messages. */
  readonly name: string;
  /** What stands before the data of an event. */
  readonly prefix: string;
  /** End of a line. */
  readonly end: string;
  /** Bytes of one part of the body; small parts cut letters of several bytes. */
  readonly partBytes: number;
}

/** Forms in which servers and proxies send the same events. */
export const TRANSPORT_FORMS: readonly TransportForm[] = [
  { name: "plain", prefix: "data: ", end: "\n", partBytes: 1 << 20 },
  { name: "no space after data:", prefix: "data:", end: "\n", partBytes: 1 << 20 },
  { name: "CRLF", prefix: "data: ", end: "\r\n", partBytes: 1 << 20 },
  { name: "cut within letters and line ends", prefix: "data: ", end: "\r\n", partBytes: 1 },
  {
    name: "with comments and event names",
    prefix: ": ping\nevent: x\ndata: ",
    end: "\n",
    partBytes: 7,
  },
];

/** Text of one token: letters of two and four bytes. */
export const TOKEN_TEXT = " ä😀";

/** An event with so many tokens in its text, of either API. */
export function textEvent(api: LiveSettings["api"], text: string = TOKEN_TEXT): string {
  const choice = api === "chat" ? { delta: { content: text } } : { text };
  return JSON.stringify({ choices: [{ index: 0, ...choice, finish_reason: null }] });
}

/** The event that ends an answer. */
export function endEvent(api: LiveSettings["api"], finishReason: unknown): string {
  const choice = api === "chat" ? { delta: {} } : { text: "" };
  return JSON.stringify({ choices: [{ index: 0, ...choice, finish_reason: finishReason }] });
}

/** The event with the counts. */
export function usageEvent(completionTokens: number): string {
  const usage = { "prompt_tokens": 5, "completion_tokens": completionTokens };
  return JSON.stringify({ choices: [], usage });
}

/** A stream of the events; `broken` breaks the connection at its end. */
export function streamOf(
  events: readonly string[],
  form: TransportForm,
  o: { readonly broken?: boolean } = {},
): Response {
  const { prefix, end, partBytes } = form;
  const text = events.map((data) => `${prefix}${data}${end}${end}`).join("");
  const bytes = new TextEncoder().encode(text);
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller): void {
      if (sent < bytes.length) {
        controller.enqueue(bytes.slice(sent, sent + partBytes));
        sent += partBytes;
      } else if (o.broken === true) controller.error(new Error("Broken by the test"));
      else controller.close();
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

/** Sends one request for so many tokens to a server that answers so. */
export async function askFake(
  respond: () => Response,
  o: { readonly settings?: Partial<LiveSettings>; readonly outputTokens: number },
): Promise<LiveRecord> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, respond);
  const client = Deno.createHttpClient({ http2: false });
  try {
    const url = `http://127.0.0.1:${server.addr.port}/v1`;
    return await sendRequest(requestsOf([[0, 5, o.outputTokens]])[0], {
      endpoint: { url, model: "tiny", token: null },
      settings: { ...DEFAULT_LIVE_SETTINGS, ...o.settings },
      client,
      promptSeed: 1,
      prefixBlockTokens: 512,
      scheduledMs: 0,
      nowMs: () => performance.now(),
      signal: new AbortController().signal,
    });
  } finally {
    client.close();
    await server.shutdown();
  }
}
