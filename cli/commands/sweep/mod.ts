import { buildRouteMap } from "@stricli/core";
import type { CliContext } from "../../terminal/mod.ts";
import { buildSettingsCommand } from "../../settings/mod.ts";

const DESCRIPTION = `\
Replays a fixture at every point of a grid and appends a row for each to a file. Run again with the
same settings, a stopped sweep resumes where it stopped. Axes that are not given keep the fixture's
value. A point that cannot be replayed is a row with its error.

EXAMPLES
  headwise sweep --fixture long-prefill --window 512,1024,4096 --ratio 0.25,0.75
  headwise sweep --context 8192,32768 --batch 8,32 --shard 1/2 --out results/part-1.jsonl
  headwise sweep merge results/part-1.jsonl results/part-2.jsonl --out results/sweep.jsonl`;

const run = buildSettingsCommand({
  command: "sweep run",
  loader: () => import("./run.ts"),
  brief: "Replay a fixture at every point of a grid",
  description: DESCRIPTION,
});

const merge = buildSettingsCommand({
  command: "sweep merge",
  loader: () => import("./merge_run.ts"),
  takes: { brief: "Files of one sweep", placeholder: "FILE", minimum: 1 },
  brief: "Merge the shards of a sweep",
  description:
    "Merges files of one sweep, whatever part of the grid each of them holds, and shows " +
    "the rows.\n\nEXAMPLES\n  headwise sweep merge results/part-*.jsonl --out results/sweep.jsonl",
});

/** `headwise sweep`. */
export const sweepRoutes = buildRouteMap<"run" | "merge", CliContext>({
  routes: { run, merge },
  defaultCommand: "run",
  docs: { brief: "Replay a fixture over a grid, in parts that can be stopped and merged" },
});
