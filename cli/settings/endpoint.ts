import { onlyWith, withNeeds } from "./idle_settings.ts";
import type { SettingTable } from "./setting.ts";
import { decimalNumber } from "./decimal_number.ts";
import { choiceOf, parseShare, parseSwitch, parseText, wholeNumber } from "./parsers.ts";
import { pairListOf } from "./pair_lists.ts";
import { CONFIRM } from "./shared.ts";

/** Every setting that matters only with `--endpoint`. */
export const ENDPOINT_SETTINGS = {
  endpoint: {
    brief: "Measure a live OpenAI-compatible server: base URL",
    placeholder: "URL",
    defaultValue: null,
    defaultText: "none; replay here",
    parse: parseText,
    confirm: CONFIRM.endpoint,
  },
  against: {
    brief: "Compare with this server, in interleaved pairs",
    placeholder: "URL",
    defaultValue: null,
    defaultText: "none; no verdict",
    parse: parseText,
    confirm: CONFIRM.endpoint,
  },
  ...withNeeds(onlyWith("endpoint"), {
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
      option: "api",
    },
    promptAs: {
      brief: "Prompts to servers: text (one word per token) or token-ids",
      placeholder: "FORM",
      defaultValue: "text",
      parse: choiceOf(["text", "token-ids"]),
      option: "promptAs",
    },
    maxInFlight: {
      brief: "Maximum concurrent requests to a server; waiting time counts",
      placeholder: "N",
      defaultValue: 256,
      parse: wholeNumber({ min: 1, max: 65_536 }),
      option: "maxInFlight",
    },
    arrivalScale: {
      brief: "Factor on arrival times to servers; 2 is half as fast",
      placeholder: "F",
      defaultValue: 1,
      parse: decimalNumber({ min: 0 }),
      option: "timeScale",
    },
    requestTimeoutMs: {
      brief: "Timeout of a request to a server, in milliseconds",
      placeholder: "MS",
      defaultValue: 600_000,
      parse: wholeNumber({ min: 1, max: 86_400_000 }),
      option: "requestTimeoutMs",
    },
    idleTimeoutMs: {
      brief: "Timeout without a byte from a server, in milliseconds",
      placeholder: "MS",
      defaultValue: 60_000,
      parse: wholeNumber({ min: 1, max: 86_400_000 }),
      option: "idleTimeoutMs",
    },
    warmupRequests: {
      brief: "Warm-up requests to each server, discarded",
      placeholder: "N",
      defaultValue: 2,
      parse: wholeNumber({ min: 0 }),
      option: "warmupRequests",
    },
    ignoreEos: {
      brief: "Ask servers for whole answers with ignore_eos",
      defaultValue: true,
      parse: parseSwitch,
      option: "ignoreEos",
    },
  }),
  maxFailed: {
    brief: "Share of a server's requests that may fail, as 0.01 or 1%",
    placeholder: "SHARE",
    defaultValue: 0,
    parse: parseShare,
  },
  slo: {
    needs: onlyWith("endpoint"),
    brief: "Objectives of goodput: ttft=200ms,tbt=50ms,e2e=10s",
    placeholder: "LIMITS",
    defaultValue: null,
    defaultText: "none",
    parse: pairListOf(["ttft", "tbt", "e2e"], {
      value: /^(?=[\d.]*[1-9])\d+(?:\.\d+)?\s*m?s$/,
      example: "ttft=200ms",
    }),
  },
} as const satisfies SettingTable;
