/** Markdown as `deno fmt` leaves it, for documents that are generated. */

/** A column of a table. */
export interface MarkdownColumn {
  /** Heading. */
  readonly title: string;
  /** Figures stand on the right. @default {"left"} */
  readonly align?: "left" | "right";
}

/** Widest line of prose. */
const LINE_WIDTH = 100;

/** Lays out a table with cells of equal width. */
export function markdownTable(
  columns: readonly MarkdownColumn[],
  rows: readonly (readonly string[])[],
): string[] {
  const widths = columns.map(({ title }, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column].length))
  );
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const pad = (text: string, column: number): string =>
    columns[column].align === "right" ? text.padStart(widths[column]) : text.padEnd(widths[column]);
  const rule = columns.map(({ align }, column) =>
    align === "right" ? `${"-".repeat(widths[column] - 1)}:` : "-".repeat(widths[column])
  );
  return [line(columns.map(({ title }, column) => pad(title, column))), line(rule)]
    .concat(rows.map((row) => line(row.map(pad))));
}

/** Breaks a paragraph into lines between words. */
export function markdownParagraph(text: string, indent = ""): string[] {
  const lines: string[] = [];
  let current = "";
  for (const word of text.split(/\s+/)) {
    if (current !== "" && current.length + 1 + word.length > LINE_WIDTH) {
      lines.push(current);
      current = indent + word;
    } else {
      current = current === "" ? word : `${current} ${word}`;
    }
  }
  return [...lines, current];
}

/** A list of items, each a paragraph. */
export function markdownList(items: readonly string[]): string[] {
  return items.flatMap((item) => markdownParagraph(`- ${item}`, "  "));
}
