import { CLOCK_BRIEF, parseClock } from "./clock.ts";
import { choicesOf, listOf, parseRatio, parseText, wholeNumber } from "./parsers.ts";
import type { SettingTable } from "./setting.ts";
import { CONFIRM, FORCE_SETTING, JSON_SETTING, outSetting } from "./shared.ts";

/** Part i of n of a grid, as `--shard` gives it. */
export interface ShardFlag {
  /** Which part, from 1. */
  readonly part: number;
  readonly parts: number;
}

/** Parses `--shard`. */
export function parseShard(value: string): ShardFlag {
  const found = /^([1-9]\d*)\/([1-9]\d*)$/.exec(value);
  const [part, parts] = [Number(found?.[1]), Number(found?.[2])];
  if (found !== null && part <= parts) return { part, parts };
  throw new RangeError(`expected PART/PARTS with PART from 1 to PARTS, as in 1/4`);
}

function axis(brief: string, placeholder: string, parse: (text: string) => number) {
  return {
    brief: `${brief}, separated by commas`,
    placeholder,
    defaultValue: null,
    defaultText: "the fixture's",
    parse: listOf(parse),
  } as const;
}

/** Every setting of `headwise sweep run`. */
export const SWEEP_SETTINGS = {
  fixture: {
    brief: "Built-in name or YAML file",
    placeholder: "NAME|FILE",
    defaultValue: "smoke",
    parse: parseText,
  },
  window: axis("Windows W in tokens", "W,…", wholeNumber({ min: 0 })),
  ratio: axis("Shares of window heads", "R,…", parseRatio),
  context: axis("Prompt lengths in tokens", "N,…", wholeNumber({ min: 1 })),
  batch: axis("Batch slots", "N,…", wholeNumber({ min: 1 })),
  pageSize: axis("Page sizes in tokens", "N,…", wholeNumber({ min: 1 })),
  gate: {
    brief: "Gates: read, capacity",
    placeholder: "GATES",
    defaultValue: ["read"],
    parse: choicesOf(["read", "capacity"]),
  },
  clock: {
    brief: CLOCK_BRIEF,
    placeholder: "CLOCK",
    defaultValue: "model",
    parse: parseClock,
    confirm: CONFIRM.program,
    option: "clock",
  },
  pairs: {
    brief: "Interleaved repetitions of every side",
    placeholder: "N",
    defaultValue: null,
    defaultText: "1, or 6 with the gpu clock",
    parse: wholeNumber({ min: 1, max: 1000 }),
    option: "pairs",
  },
  seed: {
    brief: "Seed of page order, acceptance and sampled checks",
    placeholder: "N",
    defaultValue: null,
    defaultText: "the fixture's",
    parse: wholeNumber({ min: 0, max: 0xffff_ffff }),
    option: "seed",
  },
  shard: {
    brief: "Part of the grid, such as 1/4",
    placeholder: "PART/PARTS",
    defaultValue: null,
    defaultText: "the whole grid",
    parse: parseShard,
    option: "shard",
  },
  out: outSetting({ brief: "File that rows are appended to", defaultValue: "results/sweep.jsonl" }),
  json: JSON_SETTING,
} as const satisfies SettingTable;

/** Every setting of `headwise sweep merge`. */
export const SWEEP_MERGE_SETTINGS = {
  out: outSetting({ brief: "Where the merged sweep is written", defaultValue: null }),
  force: FORCE_SETTING,
  json: JSON_SETTING,
} as const satisfies SettingTable;
