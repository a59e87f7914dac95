/**
 * The roofline of a kernel result as a picture: both ceilings, and one dot per case.
 *
 * Williams, Waterman, Patterson: Roofline, CACM 52(4), 2009.
 */

import type { KernelCaseResult, KernelFigures, KernelResult } from "../kernel/mod.ts";
import { escapeSvg, formatCoordinate, type LogScale, logScale, svgElement } from "./svg.ts";

const WIDTH = 1000;
const PLOT = { left: 70, right: 610, top: 60 };
const LEGEND_LEFT = 650;
const ROW = 16;
/** Numbers beside dots stay this far apart. */
const LABEL_GAP = 11;

/** Colours of a picture that stands alone: the reader's own setting decides. */
const COLORS = `
  .roofline { --ink: #1b1f24; --faint: #d5dae0; --paper: #ffffff; --memory: #0b6bcb; --compute: #b54708; }
  @media (prefers-color-scheme: dark) {
    .roofline { --ink: #e6e9ee; --faint: #343b45; --paper: #14171c; --memory: #6db3ff; --compute: #ffa657; }
  }
`;

/** Rules for a page that holds the picture; it has to give the variables named here a colour. */
export const ROOFLINE_STYLE = `
  .roofline text { font: 11px system-ui, sans-serif; fill: var(--ink); }
  .roofline .title { font-size: 15px; font-weight: 600; }
  .roofline .number { font-size: 9px; }
  .roofline .paper { fill: var(--paper); }
  .roofline .grid { stroke: var(--faint); }
  .roofline .roof { stroke: var(--ink); stroke-width: 2; fill: none; }
  .roofline .leader { stroke: var(--faint); stroke-width: 0.5; }
  .roofline .memory { fill: var(--memory); }
  .roofline .compute { fill: var(--compute); }
`;

interface Dot {
  readonly number: number;
  readonly name: string;
  readonly intensity: number;
  readonly figures: KernelFigures;
}

/**
 * Draws the roofline.
 *
 * @param result A result with at least one timed case.
 * @returns SVG text that ends with a newline; the same for equal results.
 * @throws {RangeError} When no case has a time.
 */
export function drawRoofline(result: KernelResult): string {
  return `${drawRooflineElement(result, [`<style>${COLORS}${ROOFLINE_STYLE}</style>`])}\n`;
}

/** The same without a style of its own, for a page with {@linkcode ROOFLINE_STYLE}. */
export function drawRooflineElement(
  result: KernelResult,
  before: readonly string[] = [],
): string {
  const dots = result.cases.flatMap(toDot).map((dot, index) => ({ ...dot, number: index + 1 }));
  if (dots.length === 0) throw new RangeError("Cannot draw a roofline: no case has a time");
  const { memoryBytesPerSecond: memory, flopsPerSecond: compute } = result.ceilings;
  const ridge = compute / memory;
  const height = Math.max(560, PLOT.top + dots.length * ROW + 88);
  const bottom = height - 60;
  const x = logScale([...dots.map(({ intensity }) => intensity), ridge, ridge * 4], [
    PLOT.left,
    PLOT.right,
  ]);
  const y = logScale([...dots.map(({ figures }) => figures.flopsPerSecond), compute], [
    bottom,
    PLOT.top,
  ]);
  const title = `Roofline of ${result.adapter.description}`;
  return svgElement("svg", {
    xmlns: "http://www.w3.org/2000/svg",
    viewBox: `0 0 ${WIDTH} ${height}`,
    width: WIDTH,
    height,
    role: "img",
    "aria-label": title,
    class: "roofline",
  }, [
    ...before,
    svgElement("rect", { width: WIDTH, height, class: "paper" }),
    svgElement("text", { x: PLOT.left, y: 28, class: "title" }, title),
    svgElement("text", { x: PLOT.left, y: 46 }, describeCeilings(result)),
    ...drawGrid(x, y, bottom),
    drawRoof(x, y, { memory, compute }),
    ...drawDots(dots, x, y),
    ...drawLegend(dots),
  ]);
}

function toDot({ case: { name }, work, outcome }: KernelCaseResult): Omit<Dot, "number">[] {
  if (outcome.kind !== "timed") return [];
  return [{ name, intensity: work.flops / work.bytes, figures: outcome.figures }];
}

function describeCeilings({ ceilings, adapter, createdAt }: KernelResult): string {
  const memory = (ceilings.memoryBytesPerSecond / 1e12).toPrecision(3);
  const compute = (ceilings.flopsPerSecond / 1e12).toPrecision(3);
  const software = adapter.isSoftware ? "; a software adapter, so no figures of a GPU" : "";
  return `${memory} TB/s and ${compute} TFLOP/s (f32), measured in the run of ` +
    `${createdAt.slice(0, 10)}${software}`;
}

function drawGrid(x: LogScale, y: LogScale, bottom: number): string[] {
  const vertical = x.decades.flatMap((value) => {
    const at = x.at(value);
    return [
      svgElement("line", { x1: at, y1: PLOT.top, x2: at, y2: bottom, class: "grid" }),
      svgElement("text", { x: at, y: bottom + 16, "text-anchor": "middle" }, formatDecade(value)),
    ];
  });
  const horizontal = y.decades.flatMap((value) => {
    const at = y.at(value);
    const label = formatDecade(value / 1e12);
    return [
      svgElement("line", { x1: PLOT.left, y1: at, x2: PLOT.right, y2: at, class: "grid" }),
      svgElement("text", { x: PLOT.left - 6, y: at + 4, "text-anchor": "end" }, label),
    ];
  });
  const middle = (PLOT.top + bottom) / 2;
  return [
    ...vertical,
    ...horizontal,
    svgElement("text", {
      x: (PLOT.left + PLOT.right) / 2,
      y: bottom + 38,
      "text-anchor": "middle",
    }, "operations for each byte that must be read or written"),
    svgElement("text", {
      x: 18,
      y: middle,
      "text-anchor": "middle",
      transform: `rotate(-90 18 ${formatCoordinate(middle)})`,
    }, "TFLOP/s"),
  ];
}

function formatDecade(value: number): string {
  return value >= 1 ? String(Math.round(value)) : String(Number(value.toPrecision(1)));
}

function drawRoof(x: LogScale, y: LogScale, o: { memory: number; compute: number }): string {
  const ridge = o.compute / o.memory;
  // The slope leaves the plot at the left or at the bottom, whichever it meets first.
  const start = Math.max(x.domain[0], y.domain[0] / o.memory);
  const corners = [[start, start * o.memory], [ridge, o.compute], [x.domain[1], o.compute]];
  const points = corners.map(([intensity, rate]) =>
    `${formatCoordinate(x.at(intensity))},${formatCoordinate(y.at(rate))}`
  );
  return svgElement("polyline", { points: points.join(" "), class: "roof" });
}

function drawDots(dots: readonly Dot[], x: LogScale, y: LogScale): string[] {
  // From the top down, each number moves below the one before where they would touch.
  const placed: { readonly left: number; readonly top: number }[] = [];
  const byHeight = dots.toSorted((a, b) => b.figures.flopsPerSecond - a.figures.flopsPerSecond);
  return byHeight.flatMap((dot) => {
    const cx = x.at(dot.intensity);
    const cy = y.at(dot.figures.flopsPerSecond);
    const left = cx + 9;
    let top = cy + 3;
    for (const other of placed) {
      const touches = Math.abs(other.left - left) < 14 && Math.abs(other.top - top) < LABEL_GAP;
      if (touches) top = other.top + LABEL_GAP;
    }
    placed.push({ left, top });
    const share = (dot.figures.ceilingShare * 100).toFixed(1);
    return [
      svgElement("line", { x1: cx, y1: cy, x2: left - 1, y2: top - 3, class: "leader" }),
      `<circle cx="${formatCoordinate(cx)}" cy="${formatCoordinate(cy)}" r="4" ` +
      `class="${dot.figures.bound}"><title>${escapeSvg(dot.name)}: ${share} %</title></circle>`,
      svgElement("text", { x: left, y: top, class: "number" }, String(dot.number)),
    ];
  });
}

function drawLegend(dots: readonly Dot[]): string[] {
  return [
    svgElement("text", { x: LEGEND_LEFT, y: PLOT.top + 10 }, "share of the ceiling that binds"),
    ...dots.flatMap(({ number, name, figures }, index) => {
      const at = PLOT.top + 32 + index * ROW;
      const share = `${(figures.ceilingShare * 100).toFixed(1)} %`;
      return [
        svgElement("circle", { cx: LEGEND_LEFT + 4, cy: at - 4, r: 4, class: figures.bound }),
        svgElement("text", { x: LEGEND_LEFT + 16, y: at }, `${number}  ${name}`),
        svgElement("text", { x: WIDTH - 20, y: at, "text-anchor": "end" }, share),
      ];
    }),
  ];
}
