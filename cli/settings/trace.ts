import { onlyWith, withNeeds } from "./idle_settings.ts";
import type { TraceFormat } from "../../fixtures/mod.ts";
import { choiceOf, wholeNumber } from "./parsers.ts";
import { takes } from "./shared.ts";

const TRACE_FORMATS = ["auto", "azure", "mooncake", "bailian", "burstgpt"] as const satisfies (
  | "auto"
  | TraceFormat
)[];

/** How a trace file is read. */
export const TRACE_SETTINGS = withNeeds(onlyWith("trace"), {
  traceFormat: {
    brief: "Format of the trace: auto, azure, mooncake, bailian or burstgpt",
    ...takes("NAME", choiceOf(TRACE_FORMATS), "auto"),
    option: "format",
  },
  timeUnit: {
    brief: "Unit of the trace's arrivals: s or ms",
    ...takes("UNIT", choiceOf(["s", "ms"]), null, "the format's"),
    option: "timeUnit",
  },
  blockTokens: {
    brief: "Tokens of a prefix block of the trace",
    ...takes("N", wholeNumber({ min: 1 }), null, "the format's"),
    option: "blockTokens",
  },
  limit: {
    brief: "Take only the first N requests of the trace",
    ...takes("N", wholeNumber({ min: 1 }), null, "all"),
    option: "limit",
  },
  maxTokens: {
    brief: "Skip requests of the trace with more than N tokens in all",
    ...takes("N", wholeNumber({ min: 1 }), null, "none"),
    option: "maxTokens",
  },
});
