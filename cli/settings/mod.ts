/**
 * Settings of every command: tables, parsers, files, variables, and which value is in force.
 *
 * @module
 */

export { BENCH_SETTINGS, type BenchSettings } from "./bench.ts";
export { buildSettingsCommand } from "./command.ts";
export { type FileValue, type FileValues, parseConfigFile } from "./config_file.ts";
export { CONFORMANCE_SETTINGS, type ConformanceSettings } from "./conformance.ts";
export type { EndpointSettings } from "./endpoint.ts";
export { explainSettings, explainSettingsAsData } from "./explain.ts";
export {
  type FlagDefinition,
  type FlagDefinitions,
  flagsOf,
  type SettingFlags,
  type TextParser,
} from "./flags.ts";
export { GPU_FLAG, type GpuProvider } from "./gpu.ts";
export { JSON_FLAG, type JsonFlag } from "./json_flag.ts";
export { GENERAL_VARIABLES } from "./known_variables.ts";
export { DEFAULT_CONFIG_FILE, loadSettings, type SettingsContext, settingsFileOf } from "./load.ts";
export { nearestWord } from "./nearest_word.ts";
export {
  choiceOf,
  type ChoiceParser,
  choicesOf,
  parseRatio,
  parseSwitch,
  parseText,
  wholeNumber,
  type WordChoice,
} from "./parsers.ts";
export { commandLineOf, repeatFlagsOf } from "./repeat_flags.ts";
export {
  formatFor,
  parseShardText,
  REPORT_FORMATS,
  type ReportFormat,
  RESULT_FORMATS,
  type ResultFormat,
} from "./report.ts";
export {
  type ResolvedSettings,
  resolveSettings,
  type SettingSources,
  variablesOf,
} from "./resolve.ts";
export { SERVE_SETTINGS } from "./serve.ts";
export {
  describeDefault,
  flagOf,
  type ForeignVariable,
  type Origin,
  type Setting,
  SettingError,
  type SettingsOf,
  type SettingTable,
  type SettingValues,
  variableOf,
} from "./setting.ts";
export { KNOWN_VARIABLES, SETTING_TABLES } from "./tables.ts";
