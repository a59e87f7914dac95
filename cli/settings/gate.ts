import { parseSide } from "./gate_names.ts";
import { choiceOf, parseShare } from "./parsers.ts";
import type { SettingTable } from "./setting.ts";
import { JSON_SETTING, switchSetting } from "./shared.ts";

/** Every setting of `headwise gate`. */
export const GATE_SETTINGS = {
  gate: {
    brief: "Judge by regression, read or capacity",
    placeholder: "GATE",
    defaultValue: null,
    defaultText: "what suits the files",
    variable: "HEADWISE_GATE_BY",
    parse: choiceOf(["regression", "read", "capacity"]),
  },
  maxRegression: {
    brief: "Share by which a metric may be worse, as 0.02 or 2%",
    placeholder: "SHARE",
    defaultValue: null,
    defaultText: "2%",
    parse: parseShare,
  },
  baselineSide: {
    brief: "Side of the baseline, such as uniform",
    placeholder: "SIDE",
    defaultValue: null,
    defaultText: "the gate's",
    parse: parseSide,
    option: "baseline",
  },
  candidateSide: {
    brief: "Side of the candidate, such as headwise",
    placeholder: "SIDE",
    defaultValue: null,
    defaultText: "the gate's",
    parse: parseSide,
    option: "candidate",
  },
  acceptUnpaired: {
    ...switchSetting("Accept runs that were not interleaved"),
    option: "acceptUnpaired",
  },
  acceptPointEstimate: switchSetting("Accept ratios that have no confidence interval"),
  json: JSON_SETTING,
} as const satisfies SettingTable;
