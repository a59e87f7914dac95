import { describeDefault, type SettingTable } from "./setting.ts";
import type { WordChoice } from "./parsers.ts";

/** Flags as the argument parser hands them over: text, a switch, or nothing. */
export type SettingFlags = Readonly<Record<string, string | boolean | undefined>>;

/** Flag definitions of one command, in the argument parser's terms. */
export type FlagDefinitions = Readonly<Record<string, FlagDefinition>>;

/** One flag, in the argument parser's terms. */
export type FlagDefinition =
  | {
    readonly kind: "boolean";
    readonly brief: string;
    readonly optional: true;
    readonly withNegated: boolean;
  }
  | {
    readonly kind: "parsed";
    readonly brief: string;
    readonly placeholder: string;
    readonly optional: true;
    readonly parse: TextParser;
  };

/** A parser that leaves text as it is, and tells which words the real one accepts. */
export interface TextParser extends Partial<WordChoice> {
  (text: string): string;
}

/** Flags that every command with settings has beside them. */
const CONFIG_FLAGS: FlagDefinitions = {
  config: {
    kind: "parsed",
    brief: "Settings file; headwise.yaml of this folder where there is one",
    placeholder: "FILE",
    optional: true,
    parse: (text) => text,
  },
  explainConfig: {
    kind: "boolean",
    brief: "Show every setting and where its value came from, and stop",
    optional: true,
    withNegated: false,
  },
};

/**
 * Derives the flags of a command from its settings. Values are left as text: the resolver reads
 * them, so that a flag, a variable and a file are read by the same code.
 *
 * @returns Definitions for the argument parser, in the table's order.
 */
export function flagsOf(table: SettingTable): FlagDefinitions {
  const own = Object.entries(table).map(([name, setting]): [string, FlagDefinition] => {
    const { placeholder } = setting;
    const brief = `${setting.brief} [${describeDefault(setting)}]`;
    if (placeholder === undefined) {
      return [name, { kind: "boolean", brief, optional: true, withNegated: false }];
    }
    const { choices, isList } = setting.parse as Partial<WordChoice>;
    const text = (value: string): string => value;
    const parse: TextParser = choices === undefined
      ? text
      : Object.assign(text, { choices, isList: isList === true });
    return [name, { kind: "parsed", brief, placeholder, optional: true, parse }];
  });
  return { ...Object.fromEntries(own), ...CONFIG_FLAGS };
}
