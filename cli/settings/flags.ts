import { describeDefault, type SettingTable } from "./setting.ts";
import type { WordChoice } from "./parsers.ts";

/** Flags as the argument parser hands them over: text, a switch, or nothing. */
export type SettingFlags = Readonly<Record<string, string | boolean | undefined>>;

/** One flag, in the argument parser's terms. */
interface FlagDefinition {
  readonly kind: "boolean" | "parsed";
  readonly brief: string;
  readonly optional: true;
  /** Of a switch. */
  readonly withNegated?: false;
  /** Of any other flag. */
  readonly placeholder?: string;
  /** Leaves the text as it is, and tells which words the real parser accepts. */
  readonly parse?: ((text: string) => string) & Partial<WordChoice>;
}

function switchFlag(brief: string): FlagDefinition {
  return { kind: "boolean", brief, optional: true, withNegated: false };
}

function textFlag(brief: string, placeholder: string, reader: object = {}): FlagDefinition {
  const { choices, isList = false } = reader as Partial<WordChoice>;
  const parse = Object.assign((text: string) => text, choices && { choices, isList });
  return { kind: "parsed", brief, placeholder, optional: true, parse };
}

/** Flags that every command with settings has beside them. */
const CONFIG_FLAGS = {
  config: textFlag("Settings file; headwise.yaml of this folder where there is one", "FILE"),
  explainConfig: switchFlag("Show every setting and where its value came from, and stop"),
};

/**
 * Derives the flags of a command from its settings. Values are left as text: the resolver reads
 * them, so that a flag, a variable and a file are read by the same code.
 *
 * @returns Definitions for the argument parser, in the table's order.
 */
export function flagsOf(table: SettingTable): Readonly<Record<string, FlagDefinition>> {
  const own = Object.entries(table).map(([name, setting]): [string, FlagDefinition] => {
    const { placeholder, parse } = setting;
    const brief = `${setting.brief} [${describeDefault(setting)}]`;
    return [
      name,
      placeholder === undefined ? switchFlag(brief) : textFlag(brief, placeholder, parse),
    ];
  });
  return { ...Object.fromEntries(own), ...CONFIG_FLAGS };
}
