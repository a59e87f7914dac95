/** Sections as GitHub-flavoured Markdown for a pull request: the verdict, then what folds away. */

import { markdownCode, markdownFence, markdownHtml, markdownText } from "../../fixtures/mod.ts";
import { markdownTable } from "./markdown.ts";
import type { ReportBlock, ReportSection, ReportTable } from "./section.ts";

/** Most characters that a comment on a pull request may have. */
export const COMMENT_CHARACTERS = 65_536;

/** Rows of a table before the rest is left out. */
const MOST_ROWS = 40;

/**
 * Writes sections for a pull request. Long tables are cut, and where the text would not fit into a
 * comment, details are left out from the last section upwards; both are said where they happen.
 *
 * @param sections Sections; whatever they say is shown as it is written.
 */
export function renderReportMarkdown(sections: readonly ReportSection[]): string {
  const kept = sections.map(() => Infinity);
  for (let index = sections.length - 1; index >= 0; index--) {
    for (const details of [Infinity, ...shrinking(sections[index])]) {
      kept[index] = details;
      const text = sections.map((section, i) => sectionMarkdown(section, kept[i])).join("\n");
      if (text.length <= COMMENT_CHARACTERS) return text;
    }
  }
  return cutWholly(sections.map((section) => sectionMarkdown(section, 0)).join("\n"));
}

/** Ever fewer details, down to none. */
function shrinking({ blocks }: ReportSection): number[] {
  return Array.from({ length: blocks.length }, (_, i) => blocks.length - 1 - i);
}

function cutWholly(text: string): string {
  const note = "\n\nThe rest does not fit into a comment.\n";
  return text.length <= COMMENT_CHARACTERS
    ? text
    : `${text.slice(0, text.lastIndexOf("\n", COMMENT_CHARACTERS - note.length))}${note}`;
}

function sectionMarkdown(section: ReportSection, details: number): string {
  const { verdict, title, file, findings, blocks } = section;
  const left = blocks.slice(details).length;
  return [
    `## ${verdict.word}: ${markdownText(title)}`,
    "",
    ...findings.map((finding) => `- ${markdownText(finding)}`),
    `- file: ${markdownCode(file)}`,
    "",
    ...blocks.slice(0, details).flatMap(blockMarkdown),
    ...(left > 0 ? [`${left} parts do not fit into a comment; the page has them.`, ""] : []),
  ].join("\n");
}

function blockMarkdown(block: ReportBlock): string[] {
  switch (block.kind) {
    case "text":
      return [markdownText(block.text), ""];
    case "missing":
      return [`${markdownText(block.title)}: ${markdownText(block.text)}`, ""];
    case "table":
      return fold(block.table.caption, tableMarkdown(block.table));
    case "charts":
      return fold(`${block.title}: ${block.figures.caption}`, tableMarkdown(block.figures));
    case "facts":
      return fold(block.title, [
        ...tableMarkdown({
          caption: block.title,
          columns: [{ title: "" }, { title: "" }],
          rows: block.facts,
        }),
        ...(block.command === null ? [] : ["", ...markdownFence(block.command, "sh")]),
      ]);
    default:
      return block satisfies never;
  }
}

function fold(summary: string, lines: readonly string[]): string[] {
  return [
    `<details><summary>${markdownHtml(summary)}</summary>`,
    "",
    ...lines,
    "",
    "</details>",
    "",
  ];
}

function tableMarkdown({ columns, rows }: ReportTable): string[] {
  const shown = rows.slice(0, MOST_ROWS).map((row) => row.map(markdownText));
  const rest = rows.length - shown.length;
  return [
    ...markdownTable(
      columns.map((column) => ({ ...column, title: markdownText(column.title) })),
      shown,
    ),
    ...(rest > 0 ? ["", `and ${rest} more rows`] : []),
  ];
}
