import { onlyWith, withNeeds } from "./idle_settings.ts";
import type { TraceFormat } from "../../fixtures/mod.ts";
import { choiceOf, wholeNumber } from "./parsers.ts";

const TRACE_FORMATS = ["auto", "azure", "mooncake", "bailian", "burstgpt"] as const satisfies (
  | "auto"
  | TraceFormat
)[];

/** How a trace file is read. */
export const TRACE_SETTINGS = withNeeds(onlyWith("trace"), {
  traceFormat: {
    brief: "Format of the trace: auto, azure, mooncake, bailian or burstgpt",
    placeholder: "NAME",
    defaultValue: "auto",
    parse: choiceOf(TRACE_FORMATS),
    option: "format",
  },
  timeUnit: {
    brief: "Unit of the trace's arrivals: s or ms",
    placeholder: "UNIT",
    defaultValue: null,
    defaultText: "the format's",
    parse: choiceOf(["s", "ms"]),
    option: "timeUnit",
  },
  blockTokens: {
    brief: "Tokens of a prefix block of the trace",
    placeholder: "N",
    defaultValue: null,
    defaultText: "the format's",
    parse: wholeNumber({ min: 1 }),
    option: "blockTokens",
  },
  limit: {
    brief: "Take only the first N requests of the trace",
    placeholder: "N",
    defaultValue: null,
    defaultText: "all",
    parse: wholeNumber({ min: 1 }),
    option: "limit",
  },
  maxTokens: {
    brief: "Skip requests of the trace with more than N tokens in all",
    placeholder: "N",
    defaultValue: null,
    defaultText: "none",
    parse: wholeNumber({ min: 1 }),
    option: "maxTokens",
  },
});
