/** Where a value came from, strongest first: flag, environment, file, default. */
export interface Origin {
  /** Which of the four. */
  readonly kind: "flag" | "environment" | "file" | "default";
  /** Name of the flag or the variable, `file:line:column`, or what stands behind the default. */
  readonly text: string;
}

/** A variable of another tool that means the same as a setting. */
export interface ForeignVariable<T> {
  /** Name of the variable. */
  readonly name: string;
  /** Reads its value, which may be written otherwise than ours. */
  readonly parse: (text: string) => T;
}

/**
 * One option of a command. Its flag, its variable and its key in a file are derived from the one
 * name under which it stands in its table, so that they cannot drift apart.
 */
export interface Setting<T> {
  /** What it does, in one line. */
  readonly brief: string;
  /** Placeholder of the value in help; a setting without one is a switch. */
  readonly placeholder?: string;
  /** Value where nobody sets one. */
  readonly defaultValue: T;
  /** What the default means where the value alone does not say it, such as `the fixture's`. */
  readonly defaultText?: string;
  /** Reads the text of a flag, a variable or a file's scalar. */
  readonly parse: (text: string) => T;
  /** A variable of another tool, weaker than our own. */
  readonly foreignVariable?: ForeignVariable<T>;
}

/** Settings of a command by name. */
export type SettingTable = Readonly<Record<string, Setting<unknown>>>;

/** A table with a setting for each value of `VALUES`. */
export type SettingsOf<VALUES> = { readonly [NAME in keyof VALUES]: Setting<VALUES[NAME]> };

/** The resolved values of a table. */
export type SettingValues<TABLE extends SettingTable> = {
  readonly [NAME in keyof TABLE]: TABLE[NAME] extends Setting<infer T> ? T : never;
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
   * @param origin Who gave the value.
   */
  constructor(message: string, origin: Origin) {
    super(message);
    this.name = "SettingError";
    this.origin = origin;
  }
}

/**
 * Derives the flag of a setting.
 *
 * @param name Name in the table, in camel case.
 * @returns The flag, in kebab case.
 *
 * @example Two words
 * ```ts
 * import { flagOf } from "@headwise/headwise/cli";
 * import assert from "node:assert/strict";
 *
 * assert.equal(flagOf("pageOrder"), "--page-order");
 * ```
 */
export function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/**
 * Derives the environment variable of a setting.
 *
 * @param name Name in the table, in camel case.
 * @returns The variable, in upper snake case with the tool's prefix.
 *
 * @example Two words
 * ```ts
 * import { variableOf } from "@headwise/headwise/cli";
 * import assert from "node:assert/strict";
 *
 * assert.equal(variableOf("pageOrder"), "HEADWISE_PAGE_ORDER");
 * ```
 */
export function variableOf(name: string): string {
  return `HEADWISE_${flagOf(name).slice(2).replaceAll("-", "_").toUpperCase()}`;
}

/**
 * Says what is in force where nobody sets a setting.
 *
 * @param setting The setting.
 * @returns Its default in words; `on` or `off` for a switch.
 *
 * @example A switch
 * ```ts
 * import { BENCH_SETTINGS, describeDefault } from "@headwise/headwise/cli";
 * import assert from "node:assert/strict";
 *
 * assert.equal(describeDefault(BENCH_SETTINGS.enforce), "off");
 * assert.equal(describeDefault(BENCH_SETTINGS.prefixCache), "the fixture's");
 * ```
 */
export function describeDefault(setting: Setting<unknown>): string {
  const { defaultText, defaultValue } = setting;
  if (defaultText !== undefined) return defaultText;
  return typeof defaultValue === "boolean" ? (defaultValue ? "on" : "off") : String(defaultValue);
}
