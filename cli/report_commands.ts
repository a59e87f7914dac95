import { buildCommand, buildRouteMap, type Command, type RouteMap } from "@stricli/core";
import type { CliContext } from "./context.ts";
import { REPORT_FORMATS, type ReportFormat } from "./report_settings.ts";
import { choiceOf } from "./setting_parsers.ts";

const SHOW_DESCRIPTION = `\
Shows reports of conformance runs. A report of a run that was killed is shown as far as it goes, and
says so. html is a page of suites by implementation; tap and badge take one report.

EXAMPLES
  headwise report results/conformance.jsonl
  headwise report ours.jsonl theirs.jsonl --format html --out results/matrix.html`;

const MERGE_DESCRIPTION = `\
Joins the reports of shards into the report that the whole run would have written. A shard that is
missing, stands twice, was cut off or belongs to another run is refused.

EXAMPLES
  headwise report merge results/shard-*.jsonl --out results/conformance.jsonl`;

/** Flags of `headwise report`. */
export interface ReportFlags {
  /** Form. */
  readonly format: ReportFormat;
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

const files = {
  kind: "array",
  parameter: {
    brief: "Reports, as conformance wrote them",
    placeholder: "FILE",
    parse: (text: string): string => text,
  },
  minimum: 1,
} as const;

const render: Command<CliContext> = buildCommand<ReportFlags, string[], CliContext>({
  loader: () => import("./report_run.ts"),
  parameters: {
    flags: {
      format: {
        kind: "parsed",
        brief: `Form: ${REPORT_FORMATS.join(", ")}`,
        placeholder: "FORM",
        parse: choiceOf(REPORT_FORMATS),
        default: "text",
      },
      out,
      enforce,
    },
    positional: files,
  },
  docs: {
    brief: "Show reports, in any form",
    fullDescription: SHOW_DESCRIPTION,
  },
});

const merge: Command<CliContext> = buildCommand<ReportMergeFlags, string[], CliContext>({
  loader: () => import("./report_merge_run.ts"),
  parameters: { flags: { out, enforce }, positional: files },
  docs: {
    brief: "Join the reports of the shards of one run",
    fullDescription: MERGE_DESCRIPTION,
  },
});

/** `headwise report`. */
export const reportRoutes: RouteMap<CliContext> = buildRouteMap<string, CliContext>({
  routes: { show: render, merge },
  defaultCommand: "show",
  docs: { brief: "Show reports of conformance runs, and join those of shards" },
});
