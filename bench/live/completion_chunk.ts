/** One event of a streamed completion, whichever of the two APIs it comes from. */

import { cleanLine } from "../../fixtures/mod.ts";
import { StreamFormatError } from "./sse.ts";

/** What one event says. */
export interface CompletionChunk {
  /** New text, reasoning included; empty for events without any. */
  readonly text: string;
  /** Why the answer ended, or null while it continues. */
  readonly finishReason: string | null;
  /** Token counts up to and with this event, where the server tells them. */
  readonly usage: TokenUsage | null;
  /** What the server says went wrong, or null. */
  readonly error: string | null;
}

/** Token counts as the server counts them. */
export interface TokenUsage {
  /** Tokens of the prompt, or null where only the answer is counted. */
  readonly promptTokens: number | null;
  /** Tokens of the answer so far. */
  readonly completionTokens: number;
}

/**
 * Reads an event of `/v1/completions` or `/v1/chat/completions`.
 *
 * @param data Data of the event.
 * @returns What it says.
 * @throws {StreamFormatError} When it is no JSON object.
 */
export function parseChunk(data: string): CompletionChunk {
  const event = asRecord(parseJson(data));
  if (event === null) {
    throw new StreamFormatError(`Cannot read the event '${shorten(data)}': it is no JSON object`);
  }
  const choices = Array.isArray(event.choices) ? event.choices : [];
  const choice = asRecord(choices[0]) ?? {};
  const delta = asRecord(choice.delta) ?? asRecord(choice.message) ?? {};
  const texts = [choice.text, delta.reasoning_content, delta.reasoning, delta.content];
  return {
    text: texts.filter((text) => typeof text === "string").join(""),
    finishReason: typeof choice.finish_reason === "string" ? choice.finish_reason : null,
    usage: readUsage(event.usage),
    error: event.error === undefined || event.error === null ? null : errorText(event.error),
  };
}

function readUsage(value: unknown): TokenUsage | null {
  const usage = asRecord(value);
  if (usage === null || !isCount(usage.completion_tokens)) return null;
  return {
    promptTokens: isCount(usage.prompt_tokens) ? usage.prompt_tokens : null,
    completionTokens: usage.completion_tokens,
  };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function errorText(error: unknown): string {
  const message = asRecord(error)?.message;
  return shorten(typeof message === "string" ? message : JSON.stringify(error));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function asRecord(value: unknown): Record<string, unknown> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Record<string, unknown>
    : null;
}

/** One clean line of a server's text, short enough for a message. */
export function shorten(text: string): string {
  const line = cleanLine(text);
  return line.length <= 120 ? line : `${line.slice(0, 117)}…`;
}
