import type { SettingsOf } from "./setting.ts";
import { decimalNumber } from "./decimal_number.ts";
import { choiceOf, parseSwitch, parseText, wholeNumber } from "./parsers.ts";

/** Settings of `headwise bench` that matter only with `--endpoint`. */
export interface EndpointSettings {
  /** Base URL of the server that is measured, or null to replay without any. */
  readonly endpoint: string | null;
  /** Base URL of the server that it is judged against, or null. */
  readonly against: string | null;
  /** Model that the servers are asked for. */
  readonly endpointModel: string;
  /** Which streaming API. */
  readonly api: "completions" | "chat";
  /** How prompts are sent. */
  readonly promptAs: "text" | "token-ids";
  /** Most requests under way at once. */
  readonly maxInFlight: number;
  /** Factor on all arrival times. */
  readonly arrivalScale: number;
  /** Most time of a request, in milliseconds. */
  readonly requestTimeoutMs: number;
  /** Most time without a byte, in milliseconds. */
  readonly idleTimeoutMs: number;
  /** Requests thrown away at the start. */
  readonly warmupRequests: number;
  /** Whether to ask for whole answers. */
  readonly ignoreEos: boolean;
  /** Objectives of goodput, or null. */
  readonly slo: string | null;
}

/** Every setting that matters only with `--endpoint`. */
export const ENDPOINT_SETTINGS: SettingsOf<EndpointSettings> = {
  endpoint: {
    brief: "Measure a live OpenAI-compatible server: base URL",
    placeholder: "URL",
    defaultValue: null,
    defaultText: "none; replay here",
    parse: parseText,
  },
  against: {
    brief: "Judge it against this server, in interleaved pairs",
    placeholder: "URL",
    defaultValue: null,
    defaultText: "none; no verdict",
    parse: parseText,
  },
  endpointModel: {
    brief: "Model that servers are asked for",
    placeholder: "NAME",
    defaultValue: "default",
    parse: parseText,
  },
  api: {
    brief: "API of servers: completions or chat",
    placeholder: "API",
    defaultValue: "completions",
    parse: choiceOf(["completions", "chat"]),
  },
  promptAs: {
    brief: "Prompts to servers: text (a word a token) or token-ids",
    placeholder: "FORM",
    defaultValue: "text",
    parse: choiceOf(["text", "token-ids"]),
  },
  maxInFlight: {
    brief: "Most requests to a server at once; waiting for a place counts",
    placeholder: "N",
    defaultValue: 256,
    parse: wholeNumber({ min: 1, max: 65_536 }),
  },
  arrivalScale: {
    brief: "Factor on arrival times to servers; 2 is half as fast",
    placeholder: "F",
    defaultValue: 1,
    parse: decimalNumber({ min: 0 }),
  },
  requestTimeoutMs: {
    brief: "Most time of a request to a server",
    placeholder: "MS",
    defaultValue: 600_000,
    parse: wholeNumber({ min: 1, max: 86_400_000 }),
  },
  idleTimeoutMs: {
    brief: "Most time without a byte from a server",
    placeholder: "MS",
    defaultValue: 60_000,
    parse: wholeNumber({ min: 1, max: 86_400_000 }),
  },
  warmupRequests: {
    brief: "Requests to each server that are thrown away at the start",
    placeholder: "N",
    defaultValue: 2,
    parse: wholeNumber({ min: 0 }),
  },
  ignoreEos: {
    brief: "Ask servers for whole answers with ignore_eos",
    defaultValue: true,
    parse: parseSwitch,
  },
  slo: {
    brief: "Objectives of goodput: ttft=200ms,tbt=50ms,e2e=10s",
    placeholder: "LIMITS",
    defaultValue: null,
    defaultText: "none",
    parse: parseText,
  },
};
