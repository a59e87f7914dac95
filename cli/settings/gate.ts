import type { SideName } from "../../bench/mod.ts";
import { choiceOf } from "./parsers.ts";
import type { SettingTable } from "./setting.ts";
import { JSON_SETTING, switchSetting } from "./shared.ts";

const SIDES = [
  "uniform",
  "uniform-clipped",
  "headwise",
  "headwise-recycle",
  "pooled",
  "pooled-recycle",
] as const satisfies readonly SideName[];

/** Reads the name of a side. */
export const parseSide = choiceOf<SideName>(SIDES);

/** Every setting of `headwise gate`. */
export const GATE_SETTINGS = {
  gate: {
    brief: "Gate to judge by: read or capacity",
    placeholder: "GATE",
    defaultValue: "read",
    parse: choiceOf(["read", "capacity"]),
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
