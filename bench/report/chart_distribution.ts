/** Charts of distributions: cumulative shares, and histograms with shared bins. */

import type { Spec } from "vega";
import { axis, chartSpec, linearScale, logTicks, seriesLines, seriesScales } from "./chart_spec.ts";
import {
  binEdges,
  ecdf,
  histogram,
  needsLogAxis,
  rangeOf,
  type WeightedSample,
} from "./distribution.ts";

/** A sample with the name and the place of its series. */
export interface SampleSeries {
  readonly name: string;
  /** Place among the colours. */
  readonly place: number;
  readonly sample: WeightedSample;
}

const MAX_POINTS = 400;
const BINS = 24;

/** Cumulative shares of every series over one axis. */
export function ecdfSpec(series: readonly SampleSeries[], xTitle: string): Spec {
  const values = series.flatMap(({ sample }) => sample.values);
  const rows = series.flatMap(({ name, sample }) => {
    const points = ecdf(sample, { maxPoints: MAX_POINTS });
    if (points.length === 0) return [];
    // From the axis up to the first value.
    return [{ value: points[0].value, share: 0 }, ...points].map(({ value, share }) => ({
      name,
      value,
      share,
    }));
  });
  return lineSpec(series, rows, {
    xTitle,
    yTitle: "share of values up to it",
    isLog: needsLogAxis(values),
    yDomain: [0, 1],
  });
}

/** Outlines of histograms of every series with the same bins. */
export function histogramSpec(series: readonly SampleSeries[], xTitle: string): Spec {
  const values = series.flatMap(({ sample }) => sample.values);
  const isLog = needsLogAxis(values);
  const edges = binEdges(values, { bins: BINS, isLog });
  const rows = series.flatMap(({ name, sample }) => {
    const shares = histogram(sample, edges);
    return [
      { name, value: edges[0], share: 0 },
      ...shares.map((share, bin) => ({ name, value: edges[bin], share })),
      { name, value: edges[BINS], share: 0 },
    ];
  });
  return lineSpec(series, rows, { xTitle, yTitle: "share of values in a bin", isLog });
}

interface LineRow {
  readonly name: string;
  readonly value: number;
  readonly share: number;
}

function lineSpec(
  series: readonly SampleSeries[],
  rows: readonly LineRow[],
  o: {
    readonly xTitle: string;
    readonly yTitle: string;
    readonly isLog: boolean;
    readonly yDomain?: [number, number];
  },
): Spec {
  const ticks = o.isLog ? { values: [...logTicks(rangeOf(rows.map(({ value }) => value)))] } : {};
  return chartSpec({
    data: [{ name: "rows", values: [...rows] }],
    scales: [
      {
        name: "x",
        type: o.isLog ? "log" : "linear",
        domain: { data: "rows", field: "value" },
        range: "width",
        zero: false,
        nice: !o.isLog,
      },
      linearScale("y", o.yDomain ?? { data: "rows", field: "share" }, {
        nice: o.yDomain === undefined,
        zero: true,
      }),
      ...seriesScales(series.map(({ name }) => name), series.map(({ place }) => place)),
    ],
    axes: [axis("bottom", o.xTitle, ticks), axis("left", o.yTitle, { format: "~%" })],
    marks: [seriesLines({ x: "value", y: "share", interpolate: "step-after" })],
  });
}
