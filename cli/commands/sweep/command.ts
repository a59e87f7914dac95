import { buildCommand, buildRouteMap, type Command, type RouteMap } from "@stricli/core";
import type { CliContext } from "../../terminal/mod.ts";
import { choiceOf, choicesOf, parseRatio, wholeNumber } from "../../settings/mod.ts";

const DESCRIPTION = `\
Replays a fixture at every point of a grid and appends a row for each to a file. Run again with the
same settings, a stopped sweep goes on where it stopped. Axes that are not given keep the fixture's
value. A point that cannot be replayed is a row with its error.

EXAMPLES
  headwise sweep --fixture long-prefill --window 512,1024,4096 --ratio 0.25,0.75
  headwise sweep --context 8192,32768 --batch 8,32 --shard 1/2 --out results/part-1.jsonl
  headwise sweep merge results/part-1.jsonl results/part-2.jsonl --out results/sweep.jsonl`;

/** Part i of n of a grid, as `--shard` gives it. */
export interface ShardFlag {
  /** Which part, from 1. */
  readonly part: number;
  /** Number of parts. */
  readonly parts: number;
}

/** Flags of `headwise sweep`. */
export interface SweepFlags {
  /** Built-in name or YAML file. */
  readonly fixture: string;
  /** Windows in tokens. */
  readonly window?: readonly number[];
  /** Shares of window heads. */
  readonly ratio?: readonly number[];
  /** Prompt lengths in tokens. */
  readonly context?: readonly number[];
  /** Batch slots. */
  readonly batch?: readonly number[];
  /** Page sizes in tokens. */
  readonly pageSize?: readonly number[];
  /** Gates of every point. */
  readonly gate: readonly ("read" | "capacity")[];
  /** Clock. */
  readonly clock: "auto" | "gpu" | "model";
  /** Interleaved repetitions. */
  readonly pairs?: number;
  /** Seed. */
  readonly seed?: number;
  /** Part of the grid. */
  readonly shard?: ShardFlag;
  /** File that rows are appended to. */
  readonly out: string;
  /** Whether to print JSON. */
  readonly json: boolean;
}

/** Flags of `headwise sweep merge`. */
export interface SweepMergeFlags {
  /** Where the merged sweep is written; without it nothing is. */
  readonly out?: string;
  /** Whether to print JSON. */
  readonly json: boolean;
}

const text = (value: string): string => value;

/** Makes a parser of values with commas between them, each of which is told if it cannot be used. */
function listOf(parse: (text: string) => number): (text: string) => readonly number[] {
  return (value) => [...new Set(value.split(",").map((part) => parse(part.trim())))];
}

/** Parses `--shard`. */
export function parseShard(value: string): ShardFlag {
  const found = /^([1-9]\d*)\/([1-9]\d*)$/.exec(value);
  const [part, parts] = [Number(found?.[1]), Number(found?.[2])];
  if (found !== null && part <= parts) return { part, parts };
  throw new RangeError(`expected PART/PARTS with PART from 1 to PARTS, as in 1/4`);
}

const axis = (brief: string, placeholder: string, parse: (text: string) => number) => ({
  kind: "parsed" as const,
  parse: listOf(parse),
  brief: `${brief}, with commas`,
  placeholder,
  optional: true as const,
});

const JSON_FLAG = {
  kind: "boolean",
  brief: "Print header and rows as JSON",
  default: false,
} as const;

const run: Command<CliContext> = buildCommand<SweepFlags, [], CliContext>({
  loader: () => import("./run.ts"),
  parameters: {
    flags: {
      fixture: {
        kind: "parsed",
        parse: text,
        brief: "Built-in name or YAML file",
        placeholder: "NAME|FILE",
        default: "smoke",
      },
      window: axis("Windows W in tokens", "W,…", wholeNumber({ min: 0 })),
      ratio: axis("Shares of window heads", "R,…", parseRatio),
      context: axis("Prompt lengths in tokens", "N,…", wholeNumber({ min: 1 })),
      batch: axis("Batch slots", "N,…", wholeNumber({ min: 1 })),
      pageSize: axis("Page sizes in tokens", "N,…", wholeNumber({ min: 1 })),
      gate: {
        kind: "parsed",
        parse: choicesOf(["read", "capacity"]),
        brief: "Gates: read, capacity",
        placeholder: "GATES",
        default: "read",
      },
      clock: {
        kind: "parsed",
        parse: choiceOf<"auto" | "gpu" | "model">(["auto", "gpu", "model"]),
        brief: "Time of a step: gpu, model or auto",
        placeholder: "CLOCK",
        default: "model",
      },
      pairs: {
        kind: "parsed",
        parse: wholeNumber({ min: 1, max: 1000 }),
        brief: "Interleaved repetitions of every side",
        placeholder: "N",
        optional: true,
      },
      seed: {
        kind: "parsed",
        parse: wholeNumber({ min: 0, max: 0xffff_ffff }),
        brief: "Seed of order and checks",
        placeholder: "N",
        optional: true,
      },
      shard: {
        kind: "parsed",
        parse: parseShard,
        brief: "Part of the grid, as 1/4",
        placeholder: "PART/PARTS",
        optional: true,
      },
      out: {
        kind: "parsed",
        parse: text,
        brief: "File that rows are appended to",
        placeholder: "FILE",
        default: "results/sweep.jsonl",
      },
      json: JSON_FLAG,
    },
  },
  docs: { brief: "Replay a fixture at every point of a grid", fullDescription: DESCRIPTION },
});

const merge: Command<CliContext> = buildCommand<SweepMergeFlags, string[], CliContext>({
  loader: () => import("./merge_run.ts"),
  parameters: {
    flags: {
      out: {
        kind: "parsed",
        parse: text,
        brief: "Where the merged sweep is written",
        placeholder: "FILE",
        optional: true,
      },
      json: JSON_FLAG,
    },
    positional: {
      kind: "array",
      minimum: 1,
      parameter: { brief: "Files of one sweep", placeholder: "FILE", parse: text },
    },
  },
  docs: {
    brief: "Merge the shards of a sweep",
    fullDescription:
      "Merges files of one sweep, whatever part of the grid each of them holds, and " +
      "shows the rows.\n\nEXAMPLES\n  headwise sweep merge results/part-*.jsonl --out " +
      "results/sweep.jsonl",
  },
});

/** `headwise sweep`. */
export const sweepRoutes: RouteMap<CliContext> = buildRouteMap<"run" | "merge", CliContext>({
  routes: { run, merge },
  defaultCommand: "run",
  docs: { brief: "Replay a fixture over a grid, in parts that can be stopped and merged" },
});
