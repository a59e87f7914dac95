/** What all charts share: size, colours and axes. Colours are variables of the page's style. */

import type { Axis, Mark, Scale, Spec } from "vega";
import type { LegendEntry } from "./section.ts";

/** Width and height of a chart in pixels; pages scale it. */
export const CHART_SIZE = { width: 400, height: 240 } as const;

/** Colours by the place of a series, told apart in grey and by the colour-blind too. */
export const SERIES_COLORS: readonly string[] = [1, 2, 3, 4, 5, 6].map((n) => `var(--series-${n})`);

/** Dashes by the place of a series, so that lines that coincide are both seen. */
export const SERIES_DASHES: readonly (readonly number[])[] = [
  [],
  [7, 3],
  [2, 3],
  [9, 3, 2, 3],
  [4, 2],
  [1, 2],
];

/** Fonts of all text. */
export const CHART_FONT = "system-ui, sans-serif";

const INK = "var(--ink)";
const LINE = "var(--line)";

/** Completes a specification with size and colours. */
export function chartSpec(
  parts: Omit<Spec, "config" | "width" | "height" | "autosize" | "padding"> & {
    readonly height?: number;
  },
): Spec {
  return {
    background: undefined as unknown as string,
    ...CHART_SIZE,
    padding: 4,
    autosize: { type: "fit", contains: "padding" },
    ...parts,
    config: {
      axis: {
        labelColor: INK,
        titleColor: INK,
        domainColor: INK,
        tickColor: INK,
        gridColor: LINE,
        labelFontSize: 12,
        titleFontSize: 12,
        titleFontWeight: "normal",
        labelFont: CHART_FONT,
        titleFont: CHART_FONT,
      },
      group: { stroke: null },
    },
  };
}

/** An axis with its title, a grid, and labels that do not touch. */
export function axis(orient: "bottom" | "left", title: string, more: Partial<Axis> = {}): Axis {
  return {
    orient,
    scale: orient === "bottom" ? "x" : "y",
    // An empty title would be drawn as an empty text.
    ...(title === "" ? {} : { title }),
    grid: true,
    tickCount: orient === "bottom" ? 6 : 5,
    labelOverlap: true,
    ...more,
  };
}

/** A linear scale over the width (`x`) or the height (`y`): of a field's values, or between ends. */
export function linearScale(
  name: "x" | "y",
  domain: { readonly data: string; readonly field: string } | readonly [number, number],
  more: { readonly zero?: boolean; readonly nice?: boolean; readonly padding?: number } = {},
): Scale {
  const range = name === "x" ? "width" : "height";
  const values = "data" in domain ? { ...domain } : [...domain];
  return { name, type: "linear", domain: values, range, ...more };
}

/** A scale from names to the values that stand for them. */
export function ordinalScale<T extends string | number>(
  name: string,
  domain: readonly string[],
  range: readonly T[],
): Scale {
  return { name, type: "ordinal", domain: [...domain], range: [...range] as string[] };
}

/** A mark for each row of a data set, or one alone where there is none. */
export function markOf(
  type: "area" | "line" | "rect" | "rule" | "symbol" | "text",
  data: string | null,
  enter: Readonly<Record<string, unknown>>,
): Mark {
  return { type, ...(data === null ? {} : { from: { data } }), encode: { enter } } as Mark;
}

/** Scales of colour and dash by name of the series. */
export function seriesScales(names: readonly string[], places: readonly number[]): Scale[] {
  const pick = <T>(list: readonly T[]): T[] => places.map((place) => list[place % list.length]);
  return [
    ordinalScale("color", names, pick(SERIES_COLORS)),
    {
      ...ordinalScale("dash", names, []),
      range: pick(SERIES_DASHES) as unknown as string[],
    } as Scale,
  ];
}

/** What lines of these series look like. */
export function seriesLegend(
  series: readonly { readonly name: string; readonly place: number }[],
): LegendEntry[] {
  return series.map(({ name, place }) => ({
    name,
    color: SERIES_COLORS[place % SERIES_COLORS.length],
    mark: SERIES_DASHES[place % SERIES_DASHES.length],
  }));
}

/** Round values along a logarithmic axis: 1, 2 and 5 of each decade, or its start alone. */
export function logTicks([low, high]: readonly [number, number]): readonly number[] {
  const decades = Math.log10(high / low);
  const digits = decades > 4 ? [1] : decades > 2 ? [1, 3] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++) {
    // A power of ten that divides is exact where one that multiplies is not.
    ticks.push(...digits.map((digit) => power < 0 ? digit / 10 ** -power : digit * 10 ** power));
  }
  return ticks.filter((tick) => tick >= low && tick <= high);
}

/**
 * A line for each series, named by the field `name` of the data set `rows`.
 *
 * @param o Fields on both axes, and how points are joined; straight lines where it is left out.
 */
export function seriesLines(
  o: { readonly x: string; readonly y: string; readonly interpolate?: "step-after" },
): Mark {
  return {
    type: "group",
    from: { facet: { name: "one", data: "rows", groupby: "name" } },
    marks: [markOf("line", "one", {
      x: { scale: "x", field: o.x },
      y: { scale: "y", field: o.y },
      stroke: { scale: "color", field: "name" },
      strokeDash: { scale: "dash", field: "name" },
      strokeWidth: { value: 2 },
      ...(o.interpolate === undefined ? {} : { interpolate: { value: o.interpolate } }),
    })],
  };
}
