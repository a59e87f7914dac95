import { type CliContext, styleOf, writeLines } from "../terminal/mod.ts";
import { nearestWord, SettingError } from "../settings/mod.ts";
import type { CommandPage } from "./command_page.ts";
import { findManualPage, listHelpNames, listManual } from "./manual.ts";
import { renderManualText } from "./render_text.ts";
import { renderMarkdown } from "./render_markdown.ts";

/** Shows a page of the manual, or writes what the documentation holds of it. */
export function showHelp(
  context: CliContext,
  o: { readonly root: CommandPage; readonly names: readonly string[]; readonly markdown: boolean },
): void {
  const { stdout } = context.process;
  const page = findManualPage(o.root, o.names);
  if (page === undefined) throw unknownName(o.root, o.names.join(" "));
  if (!o.markdown) {
    const style = styleOf(stdout);
    return writeLines(stdout, renderManualText(page, style));
  }
  const isWhole = o.names.length === 0;
  stdout.write(renderMarkdown({
    title: isWhole ? "Commands" : titleOf(o.names),
    introduction: `Written by \`${commandOf(o.names)}\`; do not edit.`,
    pages: isWhole ? listManual(o.root).filter(({ chapter }) => chapter === 1) : [page],
  }));
}

function titleOf(names: readonly string[]): string {
  const title = names.join(" ").replaceAll("-", " ");
  return title[0]!.toUpperCase() + title.slice(1);
}

/** The command that writes a document of the documentation. */
function commandOf(names: readonly string[]): string {
  const file = names.length === 0 ? "commands" : names.join("-");
  return ["deno task headwise help", ...names, "--markdown >", `docs/${file}.md`].join(" ");
}

function unknownName(root: CommandPage, name: string): SettingError {
  const known = listHelpNames(root);
  const nearest = nearestWord(name, known);
  const fix = nearest === undefined ? "'headwise help' lists both" : `did you mean '${nearest}'?`;
  const message = `No command and no topic is named '${name}'; ${fix}`;
  return new SettingError(message, { kind: "flag", text: "help" });
}
