import { buildRouteMap } from "@stricli/core";
import type { CliContext } from "../../terminal/mod.ts";
import { buildSettingsCommand } from "../../settings/mod.ts";

const SHOW_DESCRIPTION = `\
Reports on results of any kind, several at once: what 'bench' (live servers too), 'kernel bench',
'sweep run', 'gate --json' and 'conformance' wrote. Kinds are told apart by their content. Without
--format the ending of --out decides (.html, .md, .csv, .xml, .tap, .sarif, .svg), otherwise text.

html is one page without a script or a request, of conformance runs alone suites by implementation;
markdown fits into a comment of a pull request; csv has a row per request, csv-gaps the gaps between
tokens, and perfetto is for ui.perfetto.dev.
junit, tap, sarif, github and badge are of conformance alone, and tap and badge take one run; a run
that was killed is shown as far as it goes, and says so.

EXAMPLES
  headwise report results/bench.json -o results/report.html
  headwise report results/bench.json results/kernel.json --format markdown
  headwise report results/bench.json --format perfetto -o results/trace.json
  headwise report ours.jsonl theirs.jsonl -o results/matrix.html`;

const MERGE_DESCRIPTION = `\
Joins the reports of shards into the report that the whole run would have written. A shard that is
missing, stands twice, was cut off or belongs to another run is refused.

EXAMPLES
  headwise report merge results/shard-*.jsonl --out results/conformance.jsonl`;

const show = buildSettingsCommand({
  command: "report show",
  loader: () => import("./run.ts"),
  takes: { brief: "Results, as other commands wrote them", placeholder: "FILE", minimum: 1 },
  brief: "Report on results, in any format",
  description: SHOW_DESCRIPTION,
});

const merge = buildSettingsCommand({
  command: "report merge",
  loader: () => import("./merge_run.ts"),
  takes: { brief: "Reports, as conformance wrote them", placeholder: "FILE", minimum: 1 },
  brief: "Join the reports of the shards of one run",
  description: MERGE_DESCRIPTION,
});

/** `headwise report`. */
export const reportRoutes = buildRouteMap<string, CliContext>({
  routes: { show, merge },
  defaultCommand: "show",
  docs: { brief: "Report on results of any kind, and join reports of shards" },
});
