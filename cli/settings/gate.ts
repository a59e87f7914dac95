import { parseSide } from "./gate_names.ts";
import { choiceOf, parseShare } from "./parsers.ts";
import type { SettingTable } from "./setting.ts";
import { JSON_SETTING, switchSetting, takes } from "./shared.ts";

/** Every setting of `headwise gate`. */
export const GATE_SETTINGS = {
  gate: {
    brief: "Judge by regression, read or capacity",
    ...takes("GATE", choiceOf(["regression", "read", "capacity"]), null, "what suits the files"),
    variable: "HEADWISE_GATE_BY",
  },
  maxRegression: {
    brief: "Share by which a metric may be worse, as 0.02 or 2%",
    ...takes("SHARE", parseShare, null, "2%"),
  },
  baselineSide: {
    brief: "Side of the baseline, such as uniform",
    ...takes("SIDE", parseSide, null, "the gate's"),
    option: "baseline",
  },
  candidateSide: {
    brief: "Side of the candidate, such as headwise",
    ...takes("SIDE", parseSide, null, "the gate's"),
    option: "candidate",
  },
  acceptUnpaired: {
    ...switchSetting("Accept runs that were not interleaved"),
    option: "acceptUnpaired",
  },
  acceptPointEstimate: switchSetting("Accept ratios that have no confidence interval"),
  json: JSON_SETTING,
} as const satisfies SettingTable;
