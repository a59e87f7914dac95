/** Where a value came from, strongest first: flag, environment, file, default. */
export interface Origin {
  /** Which of the four. */
  readonly kind: "flag" | "environment" | "file" | "default";
  /** Name of the flag or the variable, `file:line:column`, or what stands behind the default. */
  readonly text: string;
}

/**
 * One option of a command, declared once: its flag, variable and file key are derived from the name
 * under which it stands in its table, its type from its parser, its help and completion from the
 * rest.
 */
export interface Setting<T> {
  /** What it does, in one line. */
  readonly brief: string;
  /** Placeholder of the value in help; a setting without one is a switch. */
  readonly placeholder?: string;
  /** One letter that means the same as the flag. */
  readonly alias?: string;
  /** Value where none is given. */
  readonly defaultValue: T;
  /** What the default means where the value alone does not say it, such as `the fixture's`. */
  readonly defaultText?: string;
  /** Reads the text of a flag, a variable or a file's scalar. */
  readonly parse: (text: string) => T;
  /** Our variable, where another command's setting of the same name has other values. */
  readonly variable?: string;
  /** A variable of another tool that means the same, weaker than our own. */
  readonly foreignVariable?: string;
  /**
   * What a value would do that a settings file may only ask for when a person named that file, such
   * as `run a program`; null where this value does nothing of the kind. See {@linkcode CONFIRM}.
   */
  readonly confirm?: (text: string) => string | null;
  /**
   * What it lacks to have an effect, in words after "no effect", given all values; null where it has
   * one. See {@linkcode findIdleSettings}.
   */
  readonly needs?: (values: Readonly<Record<string, unknown>>) => string | null;
  /** The library's option that gets the value unless it is null; see {@linkcode optionsOf}. */
  readonly option?: string;
}

/** Settings of a command by name. */
export type SettingTable = Readonly<Record<string, Setting<unknown>>>;

/** The resolved values of a table; null where the default is null and no value is given. */
export type SettingValues<TABLE extends SettingTable> = {
  readonly [NAME in keyof TABLE]: ValueOf<TABLE[NAME]>;
};

type ValueOf<SETTING extends Setting<unknown>> =
  | ReturnType<SETTING["parse"]>
  | (null extends SETTING["defaultValue"] ? null : never);

/** The options of the library that a table's settings name. */
export type OptionsOf<TABLE extends SettingTable> = {
  readonly [
    NAME in keyof TABLE as TABLE[NAME] extends { readonly option: infer OPTION extends string }
      ? OPTION
      : never
  ]?: NonNullable<ValueOf<TABLE[NAME]>>;
};

/** A value that cannot be used; `origin` says who gave it. */
export class SettingError extends Error {
  /** Stable name of the fault. */
  readonly code = "setting/invalid";
  /** Who gave the value. */
  readonly origin: Origin;

  /**
   * Makes the error.
   *
   * @param message What is wrong and what would be right.
   */
  constructor(message: string, origin: Origin) {
    super(message);
    this.name = "SettingError";
    this.origin = origin;
  }
}

/** The flag of a setting: `pageOrder` is `--page-order`. */
export function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The environment variable of a setting: `pageOrder` is `HEADWISE_PAGE_ORDER`. */
export function variableOf(name: string, setting?: Pick<Setting<unknown>, "variable">): string {
  return setting?.variable ??
    `HEADWISE_${flagOf(name).slice(2).replaceAll("-", "_").toUpperCase()}`;
}

/** Variables that mean the same as a setting, strongest first. */
export function variablesOfSetting(name: string, setting: Setting<unknown>): string[] {
  const { foreignVariable: foreign } = setting;
  return [variableOf(name, setting), ...(foreign === undefined ? [] : [foreign])];
}

/** The default of a setting in words; `on` or `off` for a switch. */
export function describeDefault(setting: Setting<unknown>): string {
  const { defaultText, defaultValue } = setting;
  if (defaultText !== undefined) return defaultText;
  if (defaultValue === null) return "none";
  return typeof defaultValue === "boolean" ? (defaultValue ? "on" : "off") : String(defaultValue);
}

/** The options of the library that settings were given for, or have a default for. */
export function optionsOf<TABLE extends SettingTable>(
  table: TABLE,
  values: SettingValues<TABLE>,
): OptionsOf<TABLE> {
  const options = Object.entries<Setting<unknown>>(table).flatMap(([name, { option }]) => {
    const value = values[name];
    return option === undefined || value === null ? [] : [[option, value]];
  });
  return Object.fromEntries(options) as OptionsOf<TABLE>;
}
