import { CLOCK_BRIEF, parseClock } from "./clock.ts";
import { choicesOf, listOf, parseRatio, parseText, wholeNumber } from "./parsers.ts";
import type { SettingTable } from "./setting.ts";
import { CONFIRM, FORCE_SETTING, JSON_SETTING, takes } from "./shared.ts";

/** Parses `--shard`: part i of n of a grid, from 1. */
export function parseShard(value: string): { readonly part: number; readonly parts: number } {
  const found = /^([1-9]\d*)\/([1-9]\d*)$/.exec(value);
  const [part, parts] = [Number(found?.[1]), Number(found?.[2])];
  if (found !== null && part <= parts) return { part, parts };
  throw new RangeError(`expected PART/PARTS with PART from 1 to PARTS, as in 1/4`);
}

function axis(brief: string, placeholder: string, parse: (text: string) => number) {
  const values = takes(placeholder, listOf(parse), null, "the fixture's");
  return { brief: `${brief}, separated by commas`, ...values };
}

/** Every setting of `headwise sweep run`. */
export const SWEEP_SETTINGS = {
  fixture: {
    brief: "Built-in name or YAML file",
    ...takes("NAME|FILE", parseText, "smoke"),
  },
  window: axis("Windows W in tokens", "W,…", wholeNumber({ min: 0 })),
  ratio: axis("Shares of window heads", "R,…", parseRatio),
  context: axis("Prompt lengths in tokens", "N,…", wholeNumber({ min: 1 })),
  batch: axis("Batch slots", "N,…", wholeNumber({ min: 1 })),
  pageSize: axis("Page sizes in tokens", "N,…", wholeNumber({ min: 1 })),
  gate: {
    brief: "Gates: read, capacity",
    ...takes("GATES", choicesOf(["read", "capacity"]), ["read"]),
  },
  clock: {
    brief: CLOCK_BRIEF,
    ...takes("CLOCK", parseClock, "model"),
    confirm: CONFIRM.program,
    option: "clock",
  },
  pairs: {
    brief: "Interleaved repetitions of every side",
    ...takes("N", wholeNumber({ min: 1, max: 1000 }), null, "1, or 6 with the gpu clock"),
    option: "pairs",
  },
  seed: {
    brief: "Seed of page order, acceptance and sampled checks",
    ...takes("N", wholeNumber({ min: 0, max: 0xffff_ffff }), null, "the fixture's"),
    option: "seed",
  },
  shard: {
    brief: "Part of the grid, such as 1/4",
    ...takes("PART/PARTS", parseShard, null, "the whole grid"),
    option: "shard",
  },
  out: {
    brief: "File that rows are appended to",
    ...takes("FILE", parseText, "results/sweep.jsonl"),
  },
  json: JSON_SETTING,
} as const satisfies SettingTable;

/** Every setting of `headwise sweep merge`. */
export const SWEEP_MERGE_SETTINGS = {
  out: { brief: "Where the merged sweep is written", ...takes("FILE", parseText, null) },
  force: FORCE_SETTING,
  json: JSON_SETTING,
} as const satisfies SettingTable;
