import type { Command } from "@stricli/core";
import type { CliContext } from "../terminal/mod.ts";
import { buildSettingsCommand } from "../settings/mod.ts";
import type { RoutingTarget } from "./command_page.ts";

const DESCRIPTION = `\
Shows the manual page of the program, of a command or of a topic: what --help shows, and exit codes,
files and variables. 'deno task docs:man' writes the same pages for man.

EXAMPLES
  headwise help
  headwise help report merge
  headwise help exit-codes
  headwise help --markdown > docs/commands.md`;

/**
 * Builds `headwise help`.
 *
 * @param routes Every command of the program, this one included: hence a function.
 */
export function buildHelpCommand(routes: () => RoutingTarget): Command<CliContext> {
  return buildSettingsCommand<"help", string[]>({
    command: "help",
    loader: async () => {
      const { commandPageOf } = await import("./command_page.ts");
      const { showHelp } = await import("./help_run.ts");
      return function ({ values }, ...names) {
        showHelp(this, { root: commandPageOf(routes()), names, markdown: values.markdown });
      };
    },
    takes: {
      brief: "Names of a command, or a topic: settings, exit-codes",
      placeholder: "NAME",
    },
    brief: "Show a manual page",
    description: DESCRIPTION,
  });
}
