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
export { describeBudget, describePoint, paintVerdict, verdictExitCode } from "./tables/mod.ts";
export {
  BENCH_SETTINGS,
  type BenchSettings,
  choiceOf,
  type ChoiceParser,
  choicesOf,
  CONFORMANCE_SETTINGS,
  type ConformanceSettings,
  DEFAULT_CONFIG_FILE,
  describeDefault,
  type EndpointSettings,
  explainSettings,
  explainSettingsAsData,
  type FileValue,
  type FileValues,
  type FlagDefinition,
  type FlagDefinitions,
  flagOf,
  flagsOf,
  type ForeignVariable,
  formatFor,
  type GpuProvider,
  KNOWN_VARIABLES,
  loadSettings,
  type Origin,
  parseConfigFile,
  parseRatio,
  parseShardText,
  parseSwitch,
  parseText,
  REPORT_FORMATS,
  type ReportFormat,
  type ResolvedSettings,
  resolveSettings,
  RESULT_FORMATS,
  type ResultFormat,
  type Setting,
  SETTING_TABLES,
  SettingError,
  type SettingFlags,
  type SettingsContext,
  type SettingsOf,
  type SettingSources,
  type SettingTable,
  type SettingValues,
  type TextParser,
  variableOf,
  variablesOf,
  wholeNumber,
  type WordChoice,
} from "./settings/mod.ts";
export {
  formatBytes,
  formatChange,
  formatCount,
  formatDuration,
  formatNumber,
  formatRate,
} from "../fixtures/mod.ts";
export {
  type CliContext,
  type CliProcess,
  type CliStream,
  type Column,
  createPaint,
  createProgress,
  createSystemContext,
  MAX_COLUMNS,
  type Paint,
  paintOf,
  type Progress,
  type ProgressState,
  renderTable,
  visibleWidth,
  wantsColor,
  wrapText,
  writeLines,
} from "./terminal/mod.ts";
export { EXIT, mapParserExitCode } from "./exit_code.ts";
export {
  type ExitMeaning,
  exitMeanings,
  exitMeaningsOf,
  type ExitName,
  particularExitMeanings,
} from "./exit_meanings.ts";
export { describeFault, type Fault } from "./fault.ts";
export { parseOverrides } from "./workload/mod.ts";
