/** Draws specifications as SVG, without a DOM. Loads the chart library, so it is loaded last. */

import { formatCoordinate } from "./svg.ts";
import { parse, resetSVGDefIds, type Spec, View } from "vega";

/**
 * Draws a chart.
 *
 * @param o Prefix of the ids in the picture, unique on the page; title and description, escaped, for
 *   people who do not see it; and whether areas meet.
 * @returns An SVG element, the same for the same specification.
 */
export async function renderChart(
  spec: Spec,
  o: { readonly id: string; readonly label: string; readonly hasTiles: boolean },
): Promise<string> {
  // Ids are counted over the process; a page needs them unique and the same every time.
  resetSVGDefIds();
  const view = new View(parse(spec), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  const { width, height } = sizeOf(svg);
  const body = svg.slice(svg.indexOf(">") + 1, svg.lastIndexOf("</svg>"))
    .replaceAll(/\bid="([^"]+)"/g, `id="${o.id}-$1"`)
    .replaceAll(/url\(#([^)]+)\)/g, `url(#${o.id}-$1)`)
    // The element is one image to a reader of the screen: what its parts are does not matter.
    .replaceAll(/ (?:role|aria-[a-z]+)="[^"]*"/g, "")
    .replaceAll(/ class="[^"]*"/g, "")
    .replaceAll(/<[^<>]+>/g, shortenNumbers);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ` +
    (o.hasTiles ? 'shape-rendering="crispEdges" ' : "") +
    `role="img" aria-label="${o.label}">${body}</svg>`;
}

/** Two decimals of a pixel are more than anyone sees. */
function shortenNumbers(tag: string): string {
  return tag.replaceAll(/-?(?<!\d)\d+\.\d{3,}/g, (number) => formatCoordinate(Number(number)));
}

function sizeOf(svg: string): { width: string; height: string } {
  const found = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg);
  if (found === null) throw new TypeError("Cannot find the size of a chart in its SVG");
  return { width: found[1], height: found[2] };
}
