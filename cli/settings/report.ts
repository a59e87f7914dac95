/** Settings of `headwise report`, and the formats that it shares with `headwise conformance`. */

import { choiceOf, parseText } from "./parsers.ts";
import type { SettingTable } from "./setting.ts";
import { FORCE_SETTING, switchSetting, takes } from "./shared.ts";

/** Forms that a report can be printed in. */
export const REPORT_FORMATS = [
  "text",
  "junit",
  "tap",
  "markdown",
  "sarif",
  "github",
  "html",
  "badge",
] as const;

/** A form that a report can be printed in. */
export type ReportFormat = typeof REPORT_FORMATS[number];

/** Forms that `headwise report` prints: those, and raw values and traces of benchmarks. */
const RESULT_FORMATS = [...REPORT_FORMATS, "csv", "csv-gaps", "perfetto"] as const;

/** A form that `headwise report` prints. */
export type ResultFormat = typeof RESULT_FORMATS[number];

/** Every setting of `headwise report merge`. */
export const REPORT_MERGE_SETTINGS = {
  out: {
    brief: "File to write",
    ...takes("FILE", parseText, null, "standard output"),
    alias: "o",
  },
  force: FORCE_SETTING,
  enforce: switchSetting("Exit with the code that the runs exited with"),
} as const satisfies SettingTable;

/** Every setting of `headwise report show`. */
export const REPORT_SETTINGS = {
  format: {
    brief: "Format: text, html, markdown, csv, junit, perfetto, …",
    ...takes("FORMAT", choiceOf(RESULT_FORMATS), null, "by --out, or text"),
    variable: "HEADWISE_REPORT_FORMAT",
  },
  ...REPORT_MERGE_SETTINGS,
} as const satisfies SettingTable;

/** What the ending of a file's name says of its form. */
const FORMAT_OF_ENDING: Readonly<Record<string, ResultFormat>> = {
  html: "html",
  md: "markdown",
  csv: "csv",
  xml: "junit",
  tap: "tap",
  sarif: "sarif",
  svg: "badge",
};

/**
 * Chooses the form of a report that no one named one for.
 *
 * @param out File that is written, or null for standard output.
 * @returns The form that the file's ending stands for, otherwise `text`.
 */
export function formatFor(out: string | null): ResultFormat {
  const ending = /\.([a-z]+)$/.exec(out ?? "")?.[1] ?? "";
  return Object.hasOwn(FORMAT_OF_ENDING, ending) ? FORMAT_OF_ENDING[ending] : "text";
}

/** Variables of surrounding jobs: which shard this one is, and which run it belongs to. */
export const JOB_VARIABLES: readonly string[] = [
  "JOB_COMPLETION_INDEX",
  "JOB_COMPLETION_COUNT",
  "SLURM_ARRAY_TASK_ID",
  "SLURM_ARRAY_TASK_COUNT",
  "SLURM_ARRAY_TASK_MIN",
  "SLURM_ARRAY_JOB_ID",
  "CI_NODE_INDEX",
  "CI_NODE_TOTAL",
  "CI_PIPELINE_ID",
  "GITHUB_RUN_ID",
];

/**
 * Reads a shard, as far as a setting has to.
 *
 * @param text `i/n` with i from 1 to n.
 * @throws {RangeError} If the text is anything else.
 */
export function parseShardText(text: string): string {
  const found = /^(\d{1,6})\/(\d{1,6})$/.exec(text);
  if (found === null || Number(found[1]) < 1 || Number(found[1]) > Number(found[2])) {
    throw new RangeError("expected i/n with i from 1 to n, as in 2/4");
  }
  return text;
}
