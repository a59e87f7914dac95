import { BENCH_SETTINGS } from "./bench.ts";
import { CALIBRATE_SETTINGS } from "./calibrate.ts";
import { CLAUSES_SETTINGS, CONFORMANCE_SETTINGS } from "./conformance.ts";
import { IMPORT_SETTINGS, INIT_SETTINGS, VALIDATE_SETTINGS } from "./fixture.ts";
import { GATE_SETTINGS } from "./gate.ts";
import {
  KERNEL_BENCH_SETTINGS,
  KERNEL_LIST_SETTINGS,
  KERNEL_TUNE_SETTINGS,
  ROOFLINE_SETTINGS,
} from "./kernel.ts";
import { GENERAL_VARIABLES } from "./known_variables.ts";
import { nearestWord } from "../../fixtures/nearest_word.ts";
import { parseText } from "./parsers.ts";
import { REPORT_MERGE_SETTINGS, REPORT_SETTINGS } from "./report.ts";
import { type ResolvedSettings, variablesOf } from "./resolve.ts";
import { SERVE_SETTINGS } from "./serve.ts";
import type { SettingTable, SettingValues } from "./setting.ts";
import { GPU_SETTING, JSON_SETTING, switchSetting, takes } from "./shared.ts";
import { SWEEP_MERGE_SETTINGS, SWEEP_SETTINGS } from "./sweep.ts";

/** The settings of every command that has any, by command: the sections of a settings file. */
export const SETTING_TABLES = {
  bench: BENCH_SETTINGS,
  gate: GATE_SETTINGS,
  calibrate: CALIBRATE_SETTINGS,
  serve: SERVE_SETTINGS,
  "sweep run": SWEEP_SETTINGS,
  "sweep merge": SWEEP_MERGE_SETTINGS,
  conformance: CONFORMANCE_SETTINGS,
  clauses: CLAUSES_SETTINGS,
  "adapter init": {
    out: { brief: "Folder for the files", ...takes("FOLDER", parseText, "results/adapter") },
    clock: {
      ...switchSetting("Write a clock for 'headwise bench --clock' instead"),
      variable: "HEADWISE_ADAPTER_CLOCK",
    },
  },
  "adapter smoke": { json: JSON_SETTING },
  "report show": REPORT_SETTINGS,
  "report merge": REPORT_MERGE_SETTINGS,
  "fixture list": { json: JSON_SETTING },
  "fixture show": { json: JSON_SETTING },
  "fixture validate": VALIDATE_SETTINGS,
  "fixture import": IMPORT_SETTINGS,
  "kernel bench": KERNEL_BENCH_SETTINGS,
  "kernel tune": KERNEL_TUNE_SETTINGS,
  "kernel roofline": ROOFLINE_SETTINGS,
  "kernel list": KERNEL_LIST_SETTINGS,
  init: INIT_SETTINGS,
  doctor: { gpu: GPU_SETTING, json: JSON_SETTING },
  help: { markdown: switchSetting("Print the Markdown of docs/") },
} as const satisfies Readonly<Record<string, SettingTable>>;

/** A command with settings, by its words. */
export type CommandName = keyof typeof SETTING_TABLES;

/** The resolved values of a command's settings. */
export type SettingsOf<NAME extends CommandName> = SettingValues<typeof SETTING_TABLES[NAME]>;

/** The same with the origin of each value. */
export type Resolved<NAME extends CommandName> = ResolvedSettings<typeof SETTING_TABLES[NAME]>;

/** Every environment variable that the tool reads. */
export const KNOWN_VARIABLES: readonly string[] = [
  ...GENERAL_VARIABLES.flatMap(({ names }) => names),
  ...new Set(Object.values(SETTING_TABLES).flatMap((table: SettingTable) => variablesOf(table))),
];

/** What is wrong with variables that are named as ours are: a warning each, with the likely word. */
export function unknownVariables(environment: Readonly<Partial<Record<string, string>>>): string[] {
  return Object.keys(environment)
    .filter((name) => name.startsWith("HEADWISE_") && !KNOWN_VARIABLES.includes(name))
    .map((name) => {
      const nearest = nearestWord(name, KNOWN_VARIABLES);
      const fix = nearest === undefined ? "see 'headwise help'" : `did you mean ${nearest}?`;
      return `Variable ${name} has no effect: there is no such setting; ${fix}`;
    });
}
