import { wrapText } from "../terminal/mod.ts";
import type { ManualBlock, ManualPage } from "./manual_page.ts";

/**
 * Writes a manual page in roff, with the macros of man(7).
 *
 * @param o Version of the program, and the page's date, YYYY-MM-DD.
 */
export function renderRoff(
  page: ManualPage,
  o: { readonly version: string; readonly date: string },
): string {
  const [name, origin] = [quote(page.name.toUpperCase()), quote(`headwise ${o.version}`)];
  // Lines are ragged and words whole, so that names of options can be searched for.
  const lines = [`.TH ${name} ${page.chapter} ${o.date} ${origin}`, ".nh", ".ad l"];
  for (const { title, blocks } of page.sections) {
    lines.push(`.SH ${quote(title)}`);
    blocks.forEach((block, index) => lines.push(...renderBlock(block, { isFirst: index === 0 })));
  }
  return `${lines.join("\n")}\n`;
}

function renderBlock(block: ManualBlock, o: { readonly isFirst: boolean }): string[] {
  switch (block.kind) {
    case "paragraph":
      return [...(o.isFirst ? [] : [".PP"]), ...textLines(block.text)];
    case "entry":
      return [".TP", `\\fB${escape(block.term)}\\fR`, ...textLines(block.text)];
    case "literal":
      return [
        ...(o.isFirst ? [] : [".PP"]),
        ".nf",
        ...block.lines.map(escape).map(guardLine),
        ".fi",
      ];
  }
}

function quote(text: string): string {
  return `"${escape(text).replaceAll('"', "\\(dq")}"`;
}

/** Text in lines of a length that tools for roff like. */
function textLines(text: string): string[] {
  return wrapText(escape(text), { width: 78 }).map(guardLine);
}

/** A line that begins with a dot or an apostrophe would be taken for a macro. */
function guardLine(escaped: string): string {
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}

/** Dashes of options stay ASCII, so that they can be copied; letters beyond it are written out. */
function escape(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-")
    .replaceAll(/[^\x20-\x7e]/gu, (letter) => {
      const code = letter.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
      return `\\[u${code}]`;
    });
}
