import { notWith, onlyWhere } from "./idle_settings.ts";
import type { SettingTable, SettingValues } from "./setting.ts";
import { parseShardText, REPORT_FORMATS } from "./report.ts";
import { choiceOf, parseText, wholeNumber, wordOrPrefixed } from "./parsers.ts";
import {
  CONFIRM,
  FORCE_SETTING,
  GPU_SETTING,
  JSON_SETTING,
  switchSetting,
  takes,
} from "./shared.ts";

const parseSubjectText = wordOrPrefixed(
  ["auto", "webgpu", "oracle"],
  ["exec:", "module:", "ffi:", "dump:"],
  "auto, webgpu, oracle, exec:COMMAND, module:FILE.ts, ffi:LIBRARY or dump:FILE",
);

/** Every setting of `headwise conformance`. */
export const CONFORMANCE_SETTINGS = {
  subject: {
    brief: "webgpu, oracle, auto, or an adapter: exec:, module:, ffi:, dump:",
    ...takes("SUBJECT", parseSubjectText, "auto"),
    confirm: CONFIRM.program,
  },
  filter: {
    brief: "Queries of the cases to run, separated by spaces",
    ...takes("QUERY", parseText, null, "every case"),
  },
  gpu: { ...GPU_SETTING, needs: onlyWhere("subject", ["auto", "webgpu"]) },
  subgroups: {
    needs: onlyWhere("subject", ["auto", "webgpu"]),
    brief: "Subgroup operations in the kernel: auto or off",
    ...takes("MODE", choiceOf(["auto", "off"]), "auto"),
  },
  timeoutMs: {
    brief: "Timeout of one case, in milliseconds",
    ...takes("N", wholeNumber({ min: 1 }), 30_000),
  },
  list: switchSetting("List the cases and run none"),
  selfTest: switchSetting("Judge the suite: every mutant must be rejected, the oracle by none"),
  fuzz: {
    brief: "Random command sequences to run against the naive model",
    ...takes("N", wholeNumber({ min: 0, max: 100_000_000 }), 3000),
  },
  seed: {
    brief: "Seed of the random sequences",
    ...takes("N", wholeNumber({ min: 0, max: 0x7fff_ffff }), 1),
  },
  regressions: {
    brief: "Kept failures: replayed, and added to",
    ...takes("FILE", parseText, "results/regressions.json"),
  },
  shard: {
    needs: notWith("selfTest"),
    brief: "Part of the cases to run, i/n",
    ...takes("I/N", parseShardText, null, "what the job says, or all"),
  },
  run: {
    brief: "Name that all shards of one run share",
    ...takes("NAME", parseText, null, "what the job says"),
  },
  expectations: {
    needs: notWith("selfTest"),
    brief: "Known failures, in YAML",
    ...takes("FILE", parseText, null, "none"),
  },
  out: {
    brief: "Where the report goes, case by case",
    ...takes("FILE", parseText, "results/conformance.jsonl"),
  },
  force: FORCE_SETTING,
  resume: switchSetting("Resume a stopped run; run the missing cases"),
  format: {
    brief: `Form: ${REPORT_FORMATS.join(", ")}`,
    ...takes("FORM", choiceOf(REPORT_FORMATS), "text"),
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
