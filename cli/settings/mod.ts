/**
 * Settings of every command: tables, parsers, files, variables, and which value is in force.
 *
 * @module
 */

export { gateOptions, parseGates } from "./gate_names.ts";
export { isOutsideClock, type OutsideClock } from "./clock.ts";
export { BENCH_SETTINGS, REPLAY_SETTINGS } from "./bench.ts";
export { ENDPOINT_SETTINGS } from "./endpoint.ts";
export { IMPORT_SETTINGS } from "./fixture.ts";

export { KERNEL_LIST_SETTINGS } from "./kernel.ts";
export { API_SETTINGS, BOUND_SETTINGS } from "./serve.ts";
export { SWEEP_SETTINGS } from "./sweep.ts";
export { buildSettingsCommand, type LoadedSettings } from "./command.ts";
export { parseConfigFile } from "./config_file.ts";
export { CONFORMANCE_SETTINGS } from "./conformance.ts";
export { explainSettingsAsData } from "./explain.ts";

export { GENERAL_VARIABLES, SECRET_VARIABLES, TOKEN_VARIABLES } from "./known_variables.ts";
export { DEFAULT_CONFIG_FILE, loadSettings } from "./load.ts";
export { nearestWord } from "../../fixtures/nearest_word.ts";
export { choiceOf, parseText, wholeNumber, type WordChoice } from "./parsers.ts";
export { commandLineOf, repeatFlagsOf } from "./repeat_flags.ts";
export { formatFor, REPORT_FORMATS, type ReportFormat, type ResultFormat } from "./report.ts";
export { resolveSettings } from "./resolve.ts";
export {
  describeDefault,
  flagOf,
  type OptionsOf,
  optionsOf,
  type Origin,
  type Setting,
  SettingError,
  type SettingTable,
  variableOf,
  variablesOfSetting,
} from "./setting.ts";
export type { GpuProvider } from "./shared.ts";
export * from "./tables.ts";
export { TRACE_SETTINGS } from "./trace.ts";
