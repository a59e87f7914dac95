/**
 * The command line: arguments and rendering over bench, conformance, fixtures and kernel.
 *
 * {@linkcode runCli} runs the whole tool in this process on injected streams. The rest are its
 * parts: settings that resolve from flag, environment and file, and plain-text rendering.
 *
 * @module
 */

export type { Verdict } from "../bench/mod.ts";
export type { Override } from "../fixtures/mod.ts";
export { runCli } from "./app.ts";
export { describeBudget } from "./bench_report.ts";
export { BENCH_SETTINGS, type BenchSettings } from "./bench_settings.ts";
export { type FileValue, type FileValues, parseConfigFile } from "./config_file.ts";
export { CONFORMANCE_SETTINGS, type ConformanceSettings } from "./conformance_settings.ts";
export {
  type CliContext,
  type CliProcess,
  type CliStream,
  createSystemContext,
  MAX_COLUMNS,
  paintOf,
  writeLines,
} from "./context.ts";
export type { EndpointSettings } from "./endpoint_settings.ts";
export { EXIT, mapParserExitCode } from "./exit_code.ts";
export {
  type ExitMeaning,
  exitMeanings,
  exitMeaningsOf,
  type ExitName,
  particularExitMeanings,
} from "./exit_meanings.ts";
export { explainSettings, explainSettingsAsData } from "./explain_settings.ts";
export { describeFault, type Fault } from "./fault.ts";
export { paintVerdict, verdictExitCode } from "./gate_report.ts";
export type { GpuProvider } from "./gpu_choice.ts";
export { describePoint } from "./sweep_report.ts";
export { DEFAULT_CONFIG_FILE, loadSettings, type SettingsContext } from "./load_settings.ts";
export { createPaint, type Paint, wantsColor } from "./paint.ts";
export {
  formatFor,
  parseShardText,
  REPORT_FORMATS,
  type ReportFormat,
  RESULT_FORMATS,
  type ResultFormat,
} from "./report_settings.ts";
export { createProgress, type Progress, type ProgressState } from "./progress.ts";
export {
  type ResolvedSettings,
  resolveSettings,
  type SettingSources,
  variablesOf,
} from "./resolve_settings.ts";
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
export {
  type FlagDefinition,
  type FlagDefinitions,
  flagsOf,
  type SettingFlags,
  type TextParser,
} from "./setting_flags.ts";
export {
  choiceOf,
  type ChoiceParser,
  choicesOf,
  parseRatio,
  parseSwitch,
  parseText,
  wholeNumber,
  type WordChoice,
} from "./setting_parsers.ts";
export { KNOWN_VARIABLES, SETTING_TABLES } from "./setting_tables.ts";
export { type Column, renderTable, visibleWidth, wrapText } from "./table.ts";
export * from "./units.ts";
export { parseOverrides } from "./workload_overrides.ts";
