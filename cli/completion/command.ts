import { buildCommand, type Command } from "@stricli/core";
import type { Shell } from "./scripts.ts";
import { SHELLS } from "./scripts.ts";
import type { answerShell } from "./answer_shell.ts";
import type { CliContext } from "../terminal/mod.ts";
import { choiceOf } from "../settings/mod.ts";

const DESCRIPTION = `\
Prints a script that makes a shell complete commands, options, their words, names of fixtures and
cases, and files. The script asks headwise itself, so it does not grow old.

The shell must find 'headwise' as a command: installed, or as a function around the task or the
bundle.

EXAMPLES
  source <(headwise completions bash)
  headwise completions zsh > "\${fpath[1]}/_headwise"
  headwise completions fish > ~/.config/fish/completions/headwise.fish`;

/** The hidden command that the scripts call. */
export const COMPLETE = "__complete";

/** Answers the hidden command; what it takes is {@linkcode answerShell}'s. */
export async function completeLine(
  ...args: Parameters<typeof answerShell>
): ReturnType<typeof answerShell> {
  const loaded = await import("./answer_shell.ts");
  return await loaded.answerShell(...args);
}

/** `headwise completions`. */
export const completionsCommand: Command<CliContext> = buildCommand<
  Record<never, never>,
  [Shell],
  CliContext
>({
  loader: async () => {
    const { completionScript } = await import("./scripts.ts");
    return function (_flags, shell) {
      this.process.stdout.write(completionScript(shell));
    };
  },
  parameters: {
    flags: {},
    positional: {
      kind: "tuple",
      parameters: [{
        brief: "Shell: bash, zsh or fish",
        placeholder: "SHELL",
        parse: choiceOf(SHELLS),
      }],
    },
  },
  docs: { brief: "Print the script that completes command lines", fullDescription: DESCRIPTION },
});
