import { buildCommand, type Command, type TypedCommandParameters } from "@stricli/core";
import { type CliContext, paintOf, writeLines } from "../terminal/mod.ts";
import { explainSettings, explainSettingsAsData } from "./explain.ts";
import { flagsOf, type SettingFlags } from "./flags.ts";
import { loadSettings, settingsFileOf } from "./load.ts";
import type { AnyResolved } from "./resolve.ts";
import { type CommandName, type Resolved, SETTING_TABLES } from "./tables.ts";
import { parseText } from "./parsers.ts";
import type { SettingTable } from "./setting.ts";

/** Settings of a run, and what a run needs to read them again. */
export type LoadedSettings<NAME extends CommandName> = Resolved<NAME> & {
  /** The settings file, whether it exists or not. */
  readonly file: string;
  /** Resolves the same command line again: the settings file may have changed. */
  readonly reload: () => Promise<Resolved<NAME>>;
};

/** The function that runs a command. */
export type CommandRun<NAME extends CommandName, ARGS extends readonly unknown[]> = (
  this: CliContext,
  settings: LoadedSettings<NAME>,
  ...args: ARGS
) => void | Promise<void>;

/** An argument of a command beside its flags. */
export interface CommandArgument {
  readonly brief: string;
  readonly placeholder: string;
  /** Reads its text; as it is by default. */
  readonly parse?: (text: string) => unknown;
  /** What stands for it where it is left out. */
  readonly default?: string;
}

/** As many arguments as are given, all of one kind. */
export interface RepeatedArgument extends CommandArgument {
  /** Least number of them. @default {0} */
  readonly minimum?: number;
}

/**
 * Builds a command whose flags, variables and file keys come from its table in
 * {@linkcode SETTING_TABLES}. Its settings are resolved before its module is loaded, and
 * `--explain-config` is answered here.
 *
 * @param o The command's words, its arguments, what help says, and what loads the function.
 */
export function buildSettingsCommand<
  NAME extends CommandName,
  ARGS extends readonly unknown[] = [],
>(o: {
  readonly command: NAME;
  /** Arguments, each of its own kind; or one kind, repeated. */
  readonly takes?: readonly CommandArgument[] | RepeatedArgument;
  readonly loader: () => Promise<CommandRun<NAME, ARGS> | { default: CommandRun<NAME, ARGS> }>;
  readonly brief: string;
  readonly description: string;
}): Command<CliContext> {
  const table: SettingTable = SETTING_TABLES[o.command];
  const aliases = Object.entries(table).flatMap(([name, { alias }]) =>
    alias === undefined ? [] : [[alias, name]]
  );
  async function run(this: CliContext, flags: SettingFlags, ...args: ARGS): Promise<void> {
    const reload = () => loadSettings(this, { command: o.command, flags });
    const resolved = await reload();
    if (flags["explainConfig"] === true) return explain(this, resolved);
    const loaded = await o.loader();
    const command = typeof loaded === "function" ? loaded : loaded.default;
    const file = settingsFileOf(this, flags);
    await command.call(this, { ...resolved, file, reload }, ...args);
  }
  // The parser's types tie each flag to its own value type; the values of a table are resolved here
  // and not by the parser, so all that it has to know is that they are texts and switches.
  const parameters = {
    flags: flagsOf(table),
    aliases: Object.fromEntries(aliases),
    ...(o.takes === undefined ? {} : { positional: positionalOf(o.takes) }),
  } as unknown as TypedCommandParameters<SettingFlags, ARGS, CliContext>;
  return buildCommand<SettingFlags, ARGS, CliContext>({
    func: run,
    parameters,
    docs: { brief: o.brief, fullDescription: o.description },
  });
}

/** Arguments in the argument parser's terms. */
function positionalOf(takes: readonly CommandArgument[] | RepeatedArgument): object {
  const readable = (argument: CommandArgument) => ({ parse: parseText, ...argument });
  if (!("placeholder" in takes)) return { kind: "tuple", parameters: takes.map(readable) };
  const { minimum, ...argument } = takes;
  return { kind: "array", parameter: readable(argument), minimum: minimum ?? 0 };
}

function explain(context: CliContext, resolved: AnyResolved): void {
  const { stdout } = context.process;
  const { json } = resolved.values as { readonly json?: unknown };
  writeLines(
    stdout,
    json === true
      ? [JSON.stringify(explainSettingsAsData(resolved), null, 2)]
      : explainSettings(resolved, paintOf(stdout)),
  );
}
