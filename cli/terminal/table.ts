import { cleanStyled } from "./guard.ts";

/** A column of a table. */
export interface Column {
  /** Heading; may be empty. */
  readonly title: string;
  /** Side to which cells are pushed. @default {"left"} */
  readonly align?: "left" | "right";
}

/** Columns of words. */
export function labels(...titles: readonly string[]): Column[] {
  return titles.map((title) => ({ title }));
}

/** Columns of figures, which stand on the right. */
export function figures(...titles: readonly string[]): Column[] {
  return titles.map((title) => ({ title, align: "right" }));
}

const ESCAPES = new RegExp(String.fromCharCode(27) + "\\[[0-9;]*m", "g");
const BREAKS = /\r\n|[\r\n\t]/g;
const GAP = "  ";

/** Counts the terminal columns that a text takes, escape sequences left out. */
export function visibleWidth(text: string): number {
  return [...text.replaceAll(ESCAPES, "")].length;
}

/**
 * Lays out rows in columns that are as wide as their widest cell, two spaces apart.
 *
 * @param rows Cells, row by row; may carry our styles. Anything else that would act on a terminal is
 *   shown as what it is, and a line end as a space, so that a cell never looks like two.
 * @param o Columns, and what to put before each line.
 * @returns Lines without trailing spaces, the heading first unless every title is empty.
 */
export function renderTable(
  rows: readonly (readonly string[])[],
  o: { readonly columns: readonly Column[]; readonly indent?: string },
): string[] {
  const titles = o.columns.map(({ title }) => title);
  const all = (titles.every((title) => title === "") ? rows : [titles, ...rows])
    .map((row) => row.map((cell) => cleanStyled(cell.replaceAll(BREAKS, " "))));
  const widths = o.columns.map((_, index) =>
    Math.max(0, ...all.map((row) => visibleWidth(row[index] ?? "")))
  );
  return all.map((row) => {
    const cells = o.columns.map(({ align }, index) => {
      const cell = row[index] ?? "";
      const room = " ".repeat(widths[index]! - visibleWidth(cell));
      return align === "right" ? room + cell : cell + room;
    });
    return `${o.indent ?? ""}${cells.join(GAP)}`.trimEnd();
  });
}

/**
 * Breaks a text into lines of at most `width` columns, between words.
 *
 * @returns The lines; a word longer than a line stands alone and is not broken.
 */
export function wrapText(
  text: string,
  o: { readonly width: number; readonly indent?: string },
): string[] {
  const indent = o.indent ?? "";
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      const longer = line === "" ? word : `${line} ${word}`;
      if (line !== "" && indent.length + visibleWidth(longer) > o.width) {
        lines.push(`${indent}${line}`.trimEnd());
        line = word;
      } else {
        line = longer;
      }
    }
    lines.push(`${indent}${line}`.trimEnd());
  }
  return lines;
}

/** Texts below a headline, each in lines of its own that are indented by two columns. */
export function indented(
  style: { readonly columns: number },
  ...texts: readonly string[]
): string[] {
  return texts.flatMap((text) => wrapText(text, { width: style.columns, indent: "  " }));
}
