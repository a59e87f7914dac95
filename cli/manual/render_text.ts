import { MAX_COLUMNS, type Paint, visibleWidth, wrapText } from "../terminal/mod.ts";
import type { ManualBlock, ManualPage } from "./manual_page.ts";

const INDENT = "  ";
/** Column at which the text of an entry begins, where its term leaves room for it. */
const ENTRY_COLUMNS = 22;

/**
 * Lays out a manual page for a terminal.
 *
 * @returns Lines of at most `columns` columns, and never more than 100.
 */
export function renderManualText(
  page: ManualPage,
  o: { readonly paint: Paint; readonly columns: number },
): string[] {
  const width = Math.min(o.columns, MAX_COLUMNS);
  const lines = page.sections.flatMap(({ title, blocks }) => [
    o.paint.bold(title),
    ...blocks.flatMap((block, index) => {
      const above = index > 0 && isApart(blocks[index - 1]!, block) ? [""] : [];
      return [...above, ...renderBlock(block, { paint: o.paint, width })];
    }),
    "",
  ]);
  return lines.slice(0, -1);
}

function isApart(above: ManualBlock, below: ManualBlock): boolean {
  return above.kind !== "entry" || below.kind !== "entry";
}

function renderBlock(block: ManualBlock, o: { paint: Paint; width: number }): string[] {
  switch (block.kind) {
    case "paragraph":
      return wrapText(block.text, { width: o.width, indent: INDENT });
    case "literal":
      return block.lines.map((line) => `${INDENT}${line}`);
    case "entry": {
      const indent = " ".repeat(ENTRY_COLUMNS);
      const text = wrapText(block.text, { width: o.width, indent });
      const terms = wrapText(block.term, { width: o.width, indent: INDENT });
      const last = terms.at(-1)!;
      if (terms.length > 1 || visibleWidth(last) > ENTRY_COLUMNS - 2) {
        return [...terms.map((line) => o.paint.cyan(line)), ...text];
      }
      const room = indent.slice(visibleWidth(last));
      return [`${o.paint.cyan(last)}${room}${text[0]!.trimStart()}`, ...text.slice(1)];
    }
  }
}
