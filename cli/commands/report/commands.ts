import { buildCommand, buildRouteMap, type Command, type RouteMap } from "@stricli/core";
import type { CliContext } from "../../terminal/mod.ts";
import { choiceOf, RESULT_FORMATS, type ResultFormat } from "../../settings/mod.ts";

const SHOW_DESCRIPTION = `\
Reports on results of any kind, several at once: what 'bench' (live servers too), 'kernel bench',
'sweep run', 'gate --json' and 'conformance' wrote. Kinds are told apart by their content. Without
--format the ending of --out decides (.html, .md, .csv, .xml, .tap, .sarif, .svg), otherwise text.

html is one page without a script or a request, of conformance runs alone suites by implementation;
markdown fits into a comment of a pull request; csv has a row a request, csv-gaps the gaps between
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

/** Flags of `headwise report`. */
export interface ReportFlags {
  /** Form, or none for what the file's ending says. */
  readonly format?: ResultFormat;
  /** File to write, or none for standard output. */
  readonly out?: string;
  /** Whether to exit as the runs themselves did. */
  readonly enforce: boolean;
}

/** Flags of `headwise report merge`. */
export type ReportMergeFlags = Omit<ReportFlags, "format">;

const out = {
  kind: "parsed",
  brief: "File to write in place of standard output",
  placeholder: "FILE",
  parse: (text: string): string => text,
  optional: true,
} as const;

const enforce = {
  kind: "boolean",
  brief: "Exit as the runs did, not 0",
  default: false,
  withNegated: false,
} as const;

const filesOf = (brief: string) => ({
  kind: "array" as const,
  parameter: { brief, placeholder: "FILE", parse: (text: string): string => text },
  minimum: 1,
});

const render: Command<CliContext> = buildCommand<ReportFlags, string[], CliContext>({
  loader: () => import("./run.ts"),
  parameters: {
    flags: {
      format: {
        kind: "parsed",
        brief: "Form; without it the ending of --out decides",
        placeholder: "FORM",
        parse: choiceOf(RESULT_FORMATS),
        optional: true,
      },
      out,
      enforce,
    },
    aliases: { o: "out" },
    positional: filesOf("Results, as other commands wrote them"),
  },
  docs: {
    brief: "Report on results, in any form",
    fullDescription: SHOW_DESCRIPTION,
  },
});

const merge: Command<CliContext> = buildCommand<ReportMergeFlags, string[], CliContext>({
  loader: () => import("./merge_run.ts"),
  parameters: {
    flags: { out, enforce },
    aliases: { o: "out" },
    positional: filesOf("Reports, as conformance wrote them"),
  },
  docs: {
    brief: "Join the reports of the shards of one run",
    fullDescription: MERGE_DESCRIPTION,
  },
});

/** `headwise report`. */
export const reportRoutes: RouteMap<CliContext> = buildRouteMap<string, CliContext>({
  routes: { show: render, merge },
  defaultCommand: "show",
  docs: { brief: "Report on results of any kind, and join reports of shards" },
});
