import { notWith, onlyWhere } from "./idle_settings.ts";
import { nearestWord } from "./nearest_word.ts";
import type { SettingTable, SettingValues } from "./setting.ts";
import { parseShardText, REPORT_FORMATS } from "./report.ts";
import { choiceOf, parseText, wholeNumber } from "./parsers.ts";
import { CONFIRM, FORCE_SETTING, GPU_SETTING, JSON_SETTING, switchSetting } from "./shared.ts";

/** Every setting of `headwise conformance`. */
export const CONFORMANCE_SETTINGS = {
  subject: {
    brief: "webgpu, oracle, auto, or an adapter: exec:, module:, ffi:, dump:",
    placeholder: "SUBJECT",
    defaultValue: "auto",
    parse: parseSubjectText,
    confirm: CONFIRM.program,
  },
  filter: {
    brief: "Queries of the cases to run, separated by spaces",
    placeholder: "QUERY",
    defaultValue: null,
    defaultText: "every case",
    parse: parseText,
  },
  gpu: { ...GPU_SETTING, needs: onlyWhere("subject", ["auto", "webgpu"]) },
  subgroups: {
    needs: onlyWhere("subject", ["auto", "webgpu"]),
    brief: "Subgroup operations in the kernel: auto or off",
    placeholder: "MODE",
    defaultValue: "auto",
    parse: choiceOf(["auto", "off"]),
  },
  timeoutMs: {
    brief: "Timeout of one case, in milliseconds",
    placeholder: "N",
    defaultValue: 30_000,
    parse: wholeNumber({ min: 1 }),
  },
  list: switchSetting("List the cases and run none"),
  selfTest: switchSetting("Judge the suite: every mutant must be rejected, the oracle by none"),
  fuzz: {
    brief: "Random command sequences to run against the naive model",
    placeholder: "N",
    defaultValue: 3000,
    parse: wholeNumber({ min: 0, max: 100_000_000 }),
  },
  seed: {
    brief: "Seed of the random sequences",
    placeholder: "N",
    defaultValue: 1,
    parse: wholeNumber({ min: 0, max: 0x7fff_ffff }),
  },
  regressions: {
    brief: "Kept failures: replayed, and added to",
    placeholder: "FILE",
    defaultValue: "results/regressions.json",
    parse: parseText,
  },
  shard: {
    needs: notWith("selfTest"),
    brief: "Part of the cases to run, i/n",
    placeholder: "I/N",
    defaultValue: null,
    defaultText: "what the job says, or all",
    parse: parseShardText,
  },
  run: {
    brief: "Name that all shards of one run share",
    placeholder: "NAME",
    defaultValue: null,
    defaultText: "what the job says",
    parse: parseText,
  },
  expectations: {
    needs: notWith("selfTest"),
    brief: "Known failures, in YAML",
    placeholder: "FILE",
    defaultValue: null,
    defaultText: "none",
    parse: parseText,
  },
  out: {
    brief: "Where the report goes, case by case",
    placeholder: "FILE",
    defaultValue: "results/conformance.jsonl",
    parse: parseText,
  },
  force: FORCE_SETTING,
  resume: switchSetting("Resume a stopped run; run the missing cases"),
  format: {
    brief: `Form: ${REPORT_FORMATS.join(", ")}`,
    placeholder: "FORM",
    defaultValue: "text",
    parse: choiceOf(REPORT_FORMATS),
  },
  json: switchSetting("Print the report as JSON lines"),
} as const satisfies SettingTable;

/** Resolved settings of `headwise conformance`. */
export type ConformanceSettings = SettingValues<typeof CONFORMANCE_SETTINGS>;

/** Every setting of `headwise clauses`. */
export const CLAUSES_SETTINGS = {
  uncovered: switchSetting("Only the clauses without a test, with the reason"),
  json: JSON_SETTING,
  markdown: switchSetting("Print the table of docs/clauses.md"),
} as const satisfies SettingTable;

/** Accepts what may name a subject; the parts are read where the suite is loaded. */
function parseSubjectText(text: string): string {
  if (/^(?:auto|webgpu|oracle|(?:exec|module|ffi|dump):\s*\S.*)$/s.test(text)) return text;
  const nearest = nearestWord(text, [
    "auto",
    "webgpu",
    "oracle",
    "exec:",
    "module:",
    "ffi:",
    "dump:",
  ]);
  const hint = nearest === undefined ? "" : `; did you mean '${nearest}'?`;
  throw new RangeError(
    `expected auto, webgpu, oracle, exec:COMMAND, module:FILE.ts, ffi:LIBRARY or dump:FILE${hint}`,
  );
}
