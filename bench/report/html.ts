/** Sections as HTML. */

import { escapeSvg, svgElement } from "./svg.ts";
import type {
  LegendEntry,
  ReportBlock,
  ReportSection,
  ReportTable,
  ReportVerdict,
} from "./section.ts";

/** Draws the charts of a block; each gives one SVG element. */
export type DrawChart = (
  chart: Extract<ReportBlock, { kind: "charts" }>["charts"][number],
) => Promise<string>;

/** The verdict as a coloured word. */
export function verdictHtml({ word, tone }: ReportVerdict): string {
  return `<strong class="verdict ${tone}">${escapeSvg(word)}</strong>`;
}

/**
 * A section with its charts.
 *
 * @param o Its id on the page, whether it is the only one, whose title is the page's, and what
 *   draws charts.
 */
export async function sectionHtml(
  section: ReportSection,
  o: { readonly id: string; readonly isAlone: boolean; readonly draw: DrawChart },
): Promise<string> {
  const [first, ...others] = section.findings;
  const blocks: string[] = [];
  for (const block of section.blocks) blocks.push(await blockHtml(block, o.draw));
  return [
    `<section id="${o.id}">`,
    ...(o.isAlone ? [] : [`<h2>${verdictHtml(section.verdict)} ${escapeSvg(section.title)}</h2>`]),
    `<p class="file">${escapeSvg(section.file)}</p>`,
    `<p>${escapeSvg(first)}</p>`,
    ...(others.length === 0
      ? []
      : [`<ul>${others.map((text) => `<li>${escapeSvg(text)}</li>`).join("")}</ul>`]),
    ...blocks,
    "</section>",
  ].join("\n");
}

async function blockHtml(block: ReportBlock, draw: DrawChart): Promise<string> {
  switch (block.kind) {
    case "text":
      return `<p>${escapeSvg(block.text)}</p>`;
    case "table":
      return tableHtml(block.table);
    case "missing":
      return `<h3>${escapeSvg(block.title)}</h3>\n<p class="missing">${codeSpans(block.text)}</p>`;
    case "charts": {
      const figures: string[] = [];
      for (const chart of block.charts) {
        const kind = chart.drawing.kind === "svg" ? "wide" : "chart";
        figures.push(
          `<figure class="${kind}"><figcaption>${escapeSvg(chart.title)}</figcaption>\n` +
            `${legendHtml(chart.legend)}<div class="scroll">${await draw(chart)}</div></figure>`,
        );
      }
      return [
        `<h3>${escapeSvg(block.title)}</h3>`,
        `<p class="note">${escapeSvg(block.note)}</p>`,
        `<div class="charts">\n${figures.join("\n")}\n</div>`,
        `<details><summary>Figures: ${escapeSvg(block.figures.caption)}</summary>`,
        tableHtml(block.figures),
        "</details>",
      ].join("\n");
    }
    case "facts":
      return [
        `<h3>${escapeSvg(block.title)}</h3>`,
        `<dl>${
          block.facts.map(([name, value]) =>
            `<dt>${escapeSvg(name)}</dt><dd>${escapeSvg(value)}</dd>`
          ).join("\n")
        }</dl>`,
        block.command === null
          ? '<p class="missing">The file names no command that repeats the run.</p>'
          : `<p>To repeat it:</p>\n<pre><code>${escapeSvg(block.command)}</code></pre>`,
      ].join("\n");
    default:
      return block satisfies never;
  }
}

function legendHtml(legend: readonly LegendEntry[]): string {
  if (legend.length === 0) return "";
  const entries = legend.map(({ name, color, mark }) => {
    const sample = mark === "square"
      ? svgElement("rect", { x: 8, width: 12, height: 12, fill: color })
      : svgElement("line", {
        x2: 28,
        y1: 6,
        y2: 6,
        stroke: color,
        "stroke-width": 2.5,
        "stroke-dasharray": mark.length === 0 ? "none" : mark.join(" "),
      });
    return `<li><svg class="key" viewBox="0 0 28 12" aria-hidden="true">${sample}</svg>` +
      `${escapeSvg(name)}</li>`;
  });
  return `<ul class="legend">${entries.join("")}</ul>\n`;
}

/** A table that scrolls by itself where the page is narrow. */
export function tableHtml({ caption, columns, rows }: ReportTable): string {
  const align = (index: number): string =>
    columns[index].align === "right" ? ' class="number"' : "";
  const head = columns.map(({ title }, index) =>
    `<th scope="col"${align(index)}>${escapeSvg(title)}</th>`
  );
  const body = rows.map((row) =>
    `<tr>${
      row.map((cell, index) =>
        index === 0
          ? `<th scope="row"${align(0)}>${escapeSvg(cell)}</th>`
          : `<td${align(index)}>${escapeSvg(cell)}</td>`
      ).join("")
    }</tr>`
  );
  return [
    '<div class="scroll"><table>',
    `<caption>${escapeSvg(caption)}</caption>`,
    `<thead><tr>${head.join("")}</tr></thead>`,
    `<tbody>\n${body.join("\n")}\n</tbody>`,
    "</table></div>",
  ].join("\n");
}

/** Escapes a text, with what stands between backquotes as code. */
function codeSpans(text: string): string {
  return escapeSvg(text).replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}
