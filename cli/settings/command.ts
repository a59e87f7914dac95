import { buildCommand, type Command, type FlagParametersForType } from "@stricli/core";
import type { CliContext } from "../terminal/mod.ts";
import { flagsOf, type SettingFlags } from "./flags.ts";
import type { SettingTable } from "./setting.ts";

/** The module that runs a command; loaded only when the command runs. */
export interface SettingsCommandModule {
  /** Runs the command with flags that are still text. */
  readonly default: (this: CliContext, flags: SettingFlags) => Promise<void>;
}

/**
 * Builds a command whose flags are derived from a table of settings.
 *
 * @param o The table, the module that runs the command, and what help says.
 * @returns The command.
 */
export function buildSettingsCommand(o: {
  readonly table: SettingTable;
  readonly loader: () => Promise<SettingsCommandModule>;
  readonly brief: string;
  readonly description: string;
}): Command<CliContext> {
  // The parser's types tie each flag's definition to its own value type; a table is only known to
  // hold texts and switches, which is what SettingFlags says of the values.
  const flags = flagsOf(o.table) as unknown as FlagParametersForType<SettingFlags, CliContext>;
  return buildCommand<SettingFlags, [], CliContext>({
    loader: o.loader,
    parameters: { flags },
    docs: { brief: o.brief, fullDescription: o.description },
  });
}
