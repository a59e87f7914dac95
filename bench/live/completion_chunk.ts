/** One event of a streamed completion, whichever of the two APIs it comes from. */

import { cleanLine, isRecord, parseJson } from "../../fixtures/mod.ts";
import { StreamFormatError } from "./sse.ts";

/** Token counts as the server counts them. */
export interface TokenUsage {
  /** Tokens of the prompt, or null where only the answer is counted. */
  readonly promptTokens: number | null;
  /** Tokens of the answer so far. */
  readonly completionTokens: number;
}

/**
 * Reads an event of `/v1/completions` or `/v1/chat/completions`. An event is an error where it has
 * an `error`, in itself or in its choice, and where it is an error without the wrapper: servers
 * send `{"object":"error",…}`, `{"message":…,"code":…}` and `{"detail":…}` as events of a stream.
 *
 * @throws {StreamFormatError} When it is not a JSON object, or neither a chunk nor an error.
 */
export function parseChunk(data: string) {
  const event = asRecord(parseJson(data));
  if (event === null) {
    throw new StreamFormatError(
      `Cannot read the event '${shorten(data)}': it is not a JSON object`,
    );
  }
  const choices = Array.isArray(event.choices) ? event.choices : [];
  const choice = asRecord(choices[0]) ?? {};
  const delta = asRecord(choice.delta) ?? asRecord(choice.message) ?? {};
  const texts = [choice.text, delta.reasoning_content, delta.reasoning, delta.content];
  const error = errorOf(event) ?? wrappedError(choice);
  if (error === null && !Array.isArray(event.choices) && asRecord(event.usage) === null) {
    throw new StreamFormatError(
      `Cannot read the event '${shorten(data)}': it has no choices, no usage and no error`,
    );
  }
  return {
    /** New text, reasoning included; empty for events without any. */
    text: texts.filter((text) => typeof text === "string").join(""),
    /** Why the answer ended, or null while it continues. */
    finishReason: readFinishReason(choice.finish_reason),
    /** Token counts up to and with this event, where the server tells them. */
    usage: readUsage(event.usage),
    /** What the server says went wrong, or null. */
    error,
  };
}

/**
 * Finds what a server says went wrong in a JSON object, whichever shape it says it in.
 *
 * @returns One clean line, or null where it is no error.
 */
export function errorOf(event: Readonly<Record<string, unknown>>): string | null {
  const wrapped = wrappedError(event);
  if (wrapped !== null) return wrapped;
  const isNamed = event.object === "error" || event.type === "error" || event.status === "error";
  const isAnswer = (Array.isArray(event.choices) && event.choices.length > 0) ||
    asRecord(event.usage) !== null;
  if (!isNamed && (isAnswer || !ERROR_KEYS.some((key) => isSaid(event[key])))) return null;
  return errorText(event);
}

/** Keys that an error without the wrapper has, most telling first. */
const ERROR_KEYS = ["message", "detail", "error_msg", "errorMsg", "msg", "code", "error_code"];

/** A key that a server always writes says nothing while it is empty. */
function isSaid(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== "" && value !== 0;
}

function wrappedError({ error }: Readonly<Record<string, unknown>>): string | null {
  return isSaid(error) ? errorText(error) : null;
}

function errorText(error: unknown): string {
  const record = asRecord(error);
  if (record === null) return shorten(typeof error === "string" ? error : JSON.stringify(error));
  const text = ERROR_KEYS.map((key) => record[key])
    .find((value) => typeof value === "string" && value !== "");
  return shorten(typeof text === "string" ? text : JSON.stringify(error));
}

/** SGLang's own API has an object with a `type`; what is anything else is kept as it is written. */
function readFinishReason(value: unknown): string | null {
  if (!isSaid(value)) return null;
  if (typeof value === "string") return value;
  const type = asRecord(value)?.type;
  return typeof type === "string" ? type : JSON.stringify(value);
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

/** The value as an object that is no array, or null. */
export function asRecord(value: unknown): Record<string, unknown> | null {
  return isRecord(value) ? value : null;
}

/** One clean line of a server's text, short enough for a message. */
export function shorten(text: string): string {
  const line = cleanLine(text);
  return line.length <= 120 ? line : `${line.slice(0, 117)}…`;
}
