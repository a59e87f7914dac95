import { onlyWhere } from "./idle_settings.ts";
import { choiceOf, parseText } from "./parsers.ts";
import type { SettingTable } from "./setting.ts";
import { FORCE_SETTING, JSON_SETTING, switchSetting, takes } from "./shared.ts";
import { TRACE_SETTINGS } from "./trace.ts";

/** Every setting of `headwise fixture validate`. */
export const VALIDATE_SETTINGS = {
  json: JSON_SETTING,
  watch: switchSetting("Check again whenever a file has changed"),
} as const satisfies SettingTable;

/** Every setting of `headwise fixture import`. */
export const IMPORT_SETTINGS = {
  format: { ...TRACE_SETTINGS.traceFormat, variable: "HEADWISE_TRACE_FORMAT" },
  timeUnit: TRACE_SETTINGS.timeUnit,
  blockTokens: TRACE_SETTINGS.blockTokens,
  limit: TRACE_SETTINGS.limit,
  out: { brief: "Write the requests as JSON lines", ...takes("FILE", parseText, null) },
  force: FORCE_SETTING,
  json: JSON_SETTING,
} as const satisfies SettingTable;

/** Every setting of `headwise init`. */
export const INIT_SETTINGS = {
  kind: {
    brief: "What to write: workload or model",
    ...takes("KIND", choiceOf(["workload", "model"]), "workload"),
  },
  model: {
    brief: "Model of the workload: built-in name, YAML file or config.json",
    ...takes("MODEL", parseText, "smoke"),
    needs: onlyWhere("kind", ["workload"]),
  },
  force: FORCE_SETTING,
} as const satisfies SettingTable;
