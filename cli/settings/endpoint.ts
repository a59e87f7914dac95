import { onlyWith, withNeeds } from "./idle_settings.ts";
import type { SettingTable } from "./setting.ts";
import {
  choiceOf,
  decimalNumber,
  parseShare,
  parseSwitch,
  parseText,
  wholeNumber,
} from "./parsers.ts";
import { pairListOf } from "./pair_lists.ts";
import { CONFIRM, takes } from "./shared.ts";

/** Every setting that matters only with `--endpoint`. */
export const ENDPOINT_SETTINGS = {
  endpoint: {
    brief: "Measure a live OpenAI-compatible server: base URL",
    ...takes("URL", parseText, null, "none; replay here"),
    confirm: CONFIRM.endpoint,
  },
  against: {
    brief: "Compare with this server, in interleaved pairs",
    ...takes("URL", parseText, null, "none; no verdict"),
    confirm: CONFIRM.endpoint,
  },
  ...withNeeds(onlyWith("endpoint"), {
    endpointModel: {
      brief: "Model that servers are asked for",
      ...takes("NAME", parseText, "default"),
    },
    api: {
      brief: "API of servers: completions or chat",
      ...takes("API", choiceOf(["completions", "chat"]), "completions"),
      option: "api",
    },
    promptAs: {
      brief: "Prompts to servers: text (one word per token) or token-ids",
      ...takes("FORM", choiceOf(["text", "token-ids"]), "text"),
      option: "promptAs",
    },
    maxInFlight: {
      brief: "Maximum concurrent requests to a server; waiting time counts",
      ...takes("N", wholeNumber({ min: 1, max: 65_536 }), 256),
      option: "maxInFlight",
    },
    arrivalScale: {
      brief: "Factor on arrival times to servers; 2 is half as fast",
      ...takes("F", decimalNumber({ min: 0 }), 1),
      option: "timeScale",
    },
    requestTimeoutMs: {
      brief: "Timeout of a request to a server, in milliseconds",
      ...takes("MS", wholeNumber({ min: 1, max: 86_400_000 }), 600_000),
      option: "requestTimeoutMs",
    },
    idleTimeoutMs: {
      brief: "Timeout without a byte from a server, in milliseconds",
      ...takes("MS", wholeNumber({ min: 1, max: 86_400_000 }), 60_000),
      option: "idleTimeoutMs",
    },
    warmupRequests: {
      brief: "Warm-up requests to each server, discarded",
      ...takes("N", wholeNumber({ min: 0 }), 2),
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
    ...takes("SHARE", parseShare, 0),
  },
  slo: {
    needs: onlyWith("endpoint"),
    brief: "Objectives of goodput: ttft=200ms,tbt=50ms,e2e=10s",
    ...takes(
      "LIMITS",
      pairListOf(["ttft", "tbt", "e2e"], {
        value: /^(?=[\d.]*[1-9])\d+(?:\.\d+)?\s*m?s$/,
        example: "ttft=200ms",
      }),
      null,
      "none",
    ),
  },
} as const satisfies SettingTable;
