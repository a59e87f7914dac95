import { BENCH_SETTINGS } from "./bench.ts";
import { CONFORMANCE_SETTINGS } from "./conformance.ts";
import { GENERAL_VARIABLES } from "./known_variables.ts";
import { SERVE_SETTINGS } from "./serve.ts";
import { variablesOf } from "./resolve.ts";
import type { SettingTable } from "./setting.ts";

/** The settings of every command that has some, by command: the sections of a settings file. */
export const SETTING_TABLES: Readonly<Record<string, SettingTable>> = {
  bench: BENCH_SETTINGS,
  conformance: CONFORMANCE_SETTINGS,
  serve: SERVE_SETTINGS,
};

/** Every environment variable that the tool reads. */
export const KNOWN_VARIABLES: readonly string[] = [
  ...GENERAL_VARIABLES.flatMap(({ names }) => names),
  ...new Set(Object.values(SETTING_TABLES).flatMap(variablesOf)),
];
