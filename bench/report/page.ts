/** One self-contained page of sections: no script, and no request to anywhere. */

import { createHash } from "node:crypto";
import { cleanDocument } from "../../fixtures/mod.ts";
import { ROOFLINE_STYLE } from "./roofline.ts";
import { escapeSvg } from "./svg.ts";
import { type DrawChart, sectionHtml, verdictHtml } from "./html.ts";
import { PAGE_STYLE } from "./page_style.ts";
import { type ReportSection, worstVerdict } from "./section.ts";

/**
 * Assembles a page.
 *
 * @param parts Sections, at least one; control characters in them are shown as `\u001b`.
 * @returns HTML that ends in a newline; the same for equal sections.
 */
export async function renderReportPage(parts: readonly ReportSection[]): Promise<string> {
  const sections = cleanDocument(parts);
  const title = sections.length === 1 ? sections[0].title : `Report of ${sections.length} results`;
  const draw = await createDraw();
  const bodies: string[] = [];
  for (const [index, section] of sections.entries()) {
    const isAlone = sections.length === 1;
    bodies.push(await sectionHtml(section, { id: `result-${index + 1}`, isAlone, draw }));
  }
  const style = `${PAGE_STYLE}${ROOFLINE_STYLE}`;
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="${policyFor(style)}">`,
    `<title>${escapeSvg(title)}</title>`,
    `<style>${style}</style>`,
    "</head>",
    "<body>",
    "<header>",
    `<h1>${verdictHtml(worstVerdict(sections.map(({ verdict }) => verdict)))} ` +
    `${escapeSvg(title)}</h1>`,
    ...(sections.length === 1
      ? []
      : [`<ul class="summary">${sections.map(summaryItem).join("\n")}</ul>`]),
    "</header>",
    "<main>",
    ...bodies,
    "</main>",
    "<footer>Written by headwise. The page holds everything that it shows.</footer>",
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

/** Nothing may be loaded, and no style but the page's own counts. */
function policyFor(style: string): string {
  const hash = createHash("sha256").update(style).digest("base64");
  return `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
}

function summaryItem(section: ReportSection, index: number): string {
  return `<li>${verdictHtml(section.verdict)} <a href="#result-${index + 1}">` +
    `${escapeSvg(section.title)}</a> <span class="file">${escapeSvg(section.file)}</span><br>` +
    `${escapeSvg(section.findings[0])}</li>`;
}

async function createDraw(): Promise<DrawChart> {
  // Nothing but a page needs the chart library, which is as large as the rest of the tool.
  const { renderChart } = await import("./render_chart.ts");
  let charts = 0;
  return async ({ title, description, drawing }) => {
    const id = `chart-${++charts}`;
    const label = escapeSvg(`${title}. ${description}`);
    return drawing.kind === "svg"
      ? drawing.svg
      : await renderChart(drawing.spec, { id, label, hasTiles: drawing.hasTiles ?? false });
  };
}
