import type { ManualBlock, ManualPage } from "./manual_page.ts";

/**
 * Writes manual pages as one Markdown document.
 *
 * @param o Title, an introduction, and the pages in order.
 * @returns The document, ending in a newline.
 */
export function renderMarkdown(
  o: {
    readonly title: string;
    readonly introduction: string;
    readonly pages: readonly ManualPage[];
  },
): string {
  const parts = [`# ${o.title}`, o.introduction];
  for (const { name, sections } of o.pages) {
    if (o.pages.length > 1) parts.push(`## ${name}`);
    for (const { title, blocks } of sections) {
      if (title === "SEE ALSO") continue;
      if (title === "NAME") {
        // The heading above says the name already.
        parts.push(...renderBlocks(blocks).map((text) => `${text.replace(/^\S+ - /, "")}.`));
        continue;
      }
      parts.push(`${o.pages.length > 1 ? "###" : "##"} ${capitalize(title)}`);
      parts.push(...renderBlocks(blocks));
    }
  }
  return `${parts.join("\n\n")}\n`;
}

/** Entries that follow each other are one table. */
function renderBlocks(blocks: readonly ManualBlock[]): string[] {
  const parts: string[] = [];
  let rows: string[] = [];
  const endTable = (): void => {
    if (rows.length > 0) parts.push(["| | |", "| --- | --- |", ...rows].join("\n"));
    rows = [];
  };
  for (const block of blocks) {
    if (block.kind === "entry") {
      rows.push(`| \`${cell(block.term)}\` | ${cell(escape(block.text))} |`);
      continue;
    }
    endTable();
    if (block.kind === "paragraph") parts.push(escape(block.text));
    else parts.push(["```sh", ...block.lines, "```"].join("\n"));
  }
  endTable();
  return parts;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

/** What Markdown would take for emphasis or a tag stays as it is written. */
function escape(text: string): string {
  return text.replaceAll(/[*_<>[\]]/g, (letter) => `\\${letter}`);
}

/** A heading as a document has it; the name of a command keeps its small letters. */
function capitalize(title: string): string {
  const small = title.toLowerCase();
  return small.startsWith("headwise ") ? small : title[0] + small.slice(1);
}
