import { type CliContext, writeLines } from "../terminal/mod.ts";
import { EXIT } from "../exit_code.ts";
import { commandPageOf, type RoutingTarget } from "../manual/mod.ts";
import { propose } from "./propose.ts";
import { splitLine } from "./split_line.ts";
import type { ProposedWord } from "./value_kinds.ts";

/** Longest line of an explanation that a shell shows beside a word. */
const MAX_BRIEF_LENGTH = 70;

/**
 * Answers a script of {@linkcode completionScript}: prints which paths fit, and then the words that
 * do, one per line, in the form that the shell takes.
 *
 * @param o Every command of the program; and `bash BREAKS LINE`, or `zsh` or `fish` with the words
 * behind the program's name.
 */
export async function answerShell(
  context: CliContext,
  o: { readonly routes: RoutingTarget; readonly args: readonly string[] },
): Promise<number> {
  const [shell, ...rest] = o.args;
  const root = commandPageOf(o.routes);
  const { words, kept } = shell === "bash"
    ? splitLine(rest[1] ?? "", rest[0] ?? "")
    : { words: rest, kept: "" };
  const proposal = await propose(root, words);
  const lines = proposal.words.map((proposed) => {
    switch (shell) {
      case "bash":
        return proposed.word.slice(kept.length);
      case "zsh":
        return `${proposed.word.replaceAll(/[\\:]/g, "\\$&")}:${shorten(proposed)}`;
      default:
        return `${proposed.word}\t${shorten(proposed)}`;
    }
  });
  writeLines(context.process.stdout, [proposal.paths, ...lines]);
  return EXIT.ok;
}

function shorten({ brief }: ProposedWord): string {
  const line = brief.replaceAll(/\s+/g, " ");
  return line.length <= MAX_BRIEF_LENGTH ? line : `${line.slice(0, MAX_BRIEF_LENGTH - 1)}…`;
}
