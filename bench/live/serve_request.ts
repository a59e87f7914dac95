/** Bodies of completion requests: read within bounds, and understood. */

import { isRecord, parseJson } from "../../fixtures/mod.ts";
import { optionError } from "../result/mod.ts";
import { isNestedDeeper } from "./json_depth.ts";

/** A request that is refused, with the status that says so. */
export class RefusedRequest extends Error {
  /** HTTP status. */
  readonly status: number;

  /** Builds the error from a status and a full message. */
  constructor(status: number, message: string) {
    super(message);
    this.name = "RefusedRequest";
    this.status = status;
  }
}

/** What a client asks for. */
export interface CompletionRequest {
  /** Name of the model, echoed. */
  readonly model: string;
  /** Tokens of the prompt: a word or an id each. */
  readonly promptTokens: readonly (string | number)[];
  /** Most tokens to generate; the engine never ends earlier. */
  readonly maxTokens: number;
  readonly stream: boolean;
  /** Whether the last event counts tokens. */
  readonly includeUsage: boolean;
  /** Whether every event counts tokens. */
  readonly continuousUsage: boolean;
}

/** What all bodies that are being read may still take up, in bytes. */
export interface ReadingBudget {
  /** Counted down while a body is read, and up again when it has been. */
  leftBytes: number;
}

/** Longest text that is echoed in every event, in UTF-16 units. */
export const MAX_ECHOED_LENGTH = 256;
/** Most lists and objects around a value of a body; no API has more than six. */
const MAX_BODY_DEPTH = 32;

/**
 * Reads a body within its bounds. A client that sends nothing for long, or more than is allowed, is
 * refused at once: what it has sent so far is dropped.
 *
 * @param o Most bytes, most time for all of them in milliseconds, and what all bodies share.
 * @throws {RefusedRequest} 413, 408 or 503.
 */
export async function readBody(
  request: Request,
  o: { readonly maxBytes: number; readonly timeoutMs: number; readonly budget?: ReadingBudget },
): Promise<string> {
  const budget = o.budget ?? { leftBytes: Infinity };
  const tooLarge = new RefusedRequest(413, `The body has more than ${o.maxBytes} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > o.maxBytes) throw tooLarge;
  if (request.body === null) return "";
  const reader = request.body.getReader();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `The body was not there after ${o.timeoutMs} ms`;
    timer = setTimeout(() => reject(new RefusedRequest(408, message)), o.timeoutMs);
  });
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  try {
    while (true) {
      const { done, value } = await Promise.race([reader.read(), late]);
      if (done) break;
      bytes += value.length;
      budget.leftBytes -= value.length;
      if (bytes > o.maxBytes) throw tooLarge;
      if (budget.leftBytes < 0) {
        throw new RefusedRequest(503, "Too many bytes are being read already");
      }
      parts.push(value);
    }
  } catch (error) {
    // The client may be gone already; there is no one left to tell.
    reader.cancel().catch(() => {});
    throw error;
  } finally {
    clearTimeout(timer);
    budget.leftBytes += bytes;
  }
  return await new Blob(parts).text();
}

/**
 * Understands a body of either API. Text counts a token for each word, a list one for each id.
 *
 * @throws {RefusedRequest} 400 with the field that is wrong.
 */
export function parseCompletionRequest(
  text: string,
  o: { readonly chat: boolean },
): CompletionRequest {
  const body = parseObject(text);
  const maxTokens = body.max_tokens ?? body.max_completion_tokens ?? 16;
  if (!Number.isSafeInteger(maxTokens) || (maxTokens as number) < 1) {
    throw new RefusedRequest(400, "'max_tokens' must be an integer of at least 1");
  }
  if (body.n !== undefined && body.n !== 1) throw new RefusedRequest(400, "'n' must be 1");
  const promptTokens = o.chat ? readMessages(body.messages) : readPrompt(body.prompt);
  if (promptTokens.length === 0) throw new RefusedRequest(400, "The prompt has no token");
  const options = isRecord(body.stream_options) ? body.stream_options : {};
  return {
    model: readModel(body.model),
    promptTokens,
    maxTokens: maxTokens as number,
    stream: body.stream === true,
    includeUsage: options.include_usage === true,
    continuousUsage: options.continuous_usage_stats === true,
  };
}

/**
 * Ids of a prompt's complete blocks: equal ids mean equal tokens up to and with the block, but for a
 * chance of 2⁻⁵³ for each pair.
 */
export function prefixBlocksOf(
  tokens: readonly (string | number)[],
  blockTokens: number,
): readonly number[] {
  if (!Number.isInteger(blockTokens) || blockTokens < 1) {
    throw optionError(`Cannot cut blocks of '${blockTokens}' tokens`);
  }
  const blocks: number[] = [];
  let [low, high] = [0x811c9dc5, 0x9747b28c];
  const complete = tokens.length - tokens.length % blockTokens;
  for (let index = 0; index < complete; index++) {
    const token = tokens[index];
    const text = typeof token === "number" ? `#${token}` : token;
    for (let i = 0; i < text.length; i++) {
      low = Math.imul(low ^ text.charCodeAt(i), 0x01000193);
      high = Math.imul(high ^ text.charCodeAt(i), 0x85ebca6b) ^ (high >>> 15);
    }
    low = Math.imul(low ^ 0x20, 0x01000193);
    high = Math.imul(high ^ 0x20, 0x85ebca6b) ^ (high >>> 15);
    if ((index + 1) % blockTokens === 0) {
      blocks.push((high >>> 11) * 0x100000000 + (low >>> 0));
    }
  }
  return blocks;
}

function readModel(model: unknown): string {
  if (typeof model !== "string") return "default";
  if (model.length <= MAX_ECHOED_LENGTH) return model;
  throw new RefusedRequest(400, `'model' must have at most ${MAX_ECHOED_LENGTH} characters`);
}

function readPrompt(prompt: unknown): readonly (string | number)[] {
  const single = Array.isArray(prompt) && prompt.length === 1 && typeof prompt[0] !== "number"
    ? prompt[0]
    : prompt;
  if (typeof single === "string") return wordsOf(single);
  const ids = Array.isArray(single) &&
    single.every((id) => Number.isSafeInteger(id) && id >= 0);
  if (ids) return single as number[];
  throw new RefusedRequest(400, "'prompt' must be one text or one list of token ids");
}

function readMessages(messages: unknown): readonly string[] {
  const faulty = new RefusedRequest(400, "'messages' must be a list of messages with text");
  if (!Array.isArray(messages)) throw faulty;
  return messages.flatMap((message) => {
    const content = isRecord(message) ? message.content : null;
    if (typeof content === "string") return wordsOf(content);
    if (!Array.isArray(content)) throw faulty;
    return content.flatMap((part) => {
      if (isRecord(part) && typeof part.text === "string") return wordsOf(part.text);
      throw faulty;
    });
  });
}

function wordsOf(text: string): readonly string[] {
  return text.match(/\S+/g) ?? [];
}

function parseObject(text: string): Record<string, unknown> {
  if (isNestedDeeper(text, MAX_BODY_DEPTH)) {
    throw new RefusedRequest(400, `The body is nested more than ${MAX_BODY_DEPTH} deep`);
  }
  const value = parseJson(text);
  if (value === undefined) throw new RefusedRequest(400, "The body is not JSON");
  if (!isRecord(value)) throw new RefusedRequest(400, "The body is not a JSON object");
  return value;
}
