import type { FileValue, FileValues } from "./config_file.ts";
import {
  flagOf,
  type Origin,
  type Setting,
  SettingError,
  type SettingTable,
  type SettingValues,
  variableOf,
  variablesOfSetting,
} from "./setting.ts";

/** The three places that values come from, beside the defaults. */
export interface SettingSources {
  /** Flags by setting name: text, or true and false for switches; absent ones undefined. */
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
  /** Environment variables by name. */
  readonly environment: Readonly<Partial<Record<string, string>>>;
  readonly file: FileValues;
  /** Whether a person named the settings file, or it was found in the working folder. */
  readonly isFileNamed?: boolean;
}

/** Every setting of a command, resolved once. */
export interface ResolvedSettings<TABLE extends SettingTable> {
  readonly values: SettingValues<TABLE>;
  /** Where each value came from. */
  readonly origins: Readonly<Record<keyof TABLE & string, Origin>>;
}

/** Resolved settings of whatever command. */
export interface AnyResolved {
  /** Values by setting. */
  readonly values: object;
  /** Origins by setting. */
  readonly origins: Readonly<Record<string, Origin>>;
}

/**
 * Resolves every setting: a flag wins over the environment, that over the file, that over the
 * default. Our own variable wins over another tool's, and an empty variable counts as unset.
 *
 * @throws {SettingError} When a value cannot be read; only the value in force is read.
 */
export function resolveSettings<TABLE extends SettingTable>(
  table: TABLE,
  sources: SettingSources,
): ResolvedSettings<TABLE> {
  const values: Record<string, unknown> = {};
  const origins: Record<string, Origin> = {};
  for (const [name, setting] of Object.entries(table)) {
    const { value, origin } = resolveSetting(name, setting, sources);
    values[name] = value;
    origins[name] = origin;
  }
  return {
    values: values as SettingValues<TABLE>,
    origins: origins as ResolvedSettings<TABLE>["origins"],
  };
}

/** Lists the environment variables that a table reads, those of other tools included. */
export function variablesOf(table: SettingTable): string[] {
  return Object.entries(table).flatMap(([name, setting]) => variablesOfSetting(name, setting));
}

function resolveSetting(
  name: string,
  setting: Setting<unknown>,
  sources: SettingSources,
): { value: unknown; origin: Origin } {
  const flag = sources.flags[name];
  if (flag !== undefined) {
    const origin: Origin = { kind: "flag", text: flagOf(name) };
    return { value: typeof flag === "boolean" ? flag : read(setting.parse, flag, origin), origin };
  }
  for (const variable of variablesOfSetting(name, setting)) {
    const text = sources.environment[variable];
    if (text === undefined || text === "") continue;
    const origin: Origin = { kind: "environment", text: variable };
    return { value: read(setting.parse, text, origin), origin };
  }
  const inFile = sources.file[name];
  if (inFile !== undefined) {
    if (sources.isFileNamed !== true) requireConfirmed(name, setting, inFile);
    return { value: read(setting.parse, inFile.text, inFile.origin), origin: inFile.origin };
  }
  const origin: Origin = { kind: "default", text: setting.defaultText ?? "built in" };
  return { value: setting.defaultValue, origin };
}

/** A folder may come from anyone: what is found in it runs, reaches and opens nothing. */
function requireConfirmed(name: string, setting: Setting<unknown>, value: FileValue): void {
  const deed = setting.confirm?.(value.text) ?? null;
  if (deed === null) return;
  const [file] = value.origin.text.split(":");
  throw new SettingError(
    `Cannot take '${name}' from a file that was only found here, for it would ${deed}: give ` +
      `${flagOf(name)} or ${variableOf(name, setting)}, or name the file with --config ${file}`,
    value.origin,
  );
}

function read(parse: (text: string) => unknown, text: string, origin: Origin): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new SettingError(`Cannot use '${text}': ${error.message}`, origin);
  }
}
