/** What a report shows of latencies: cumulative shares, histograms and quantiles. */

import { formatCount, formatNumber } from "../../fixtures/mod.ts";
import { ecdfSpec, histogramSpec, type SampleSeries } from "./chart_distribution.ts";
import { seriesLegend } from "./chart_spec.ts";
import { ecdf, quantileOf } from "./distribution.ts";
import { type ReportBlock, type ReportChart, tableColumns } from "./section.ts";

const QUANTILES = [0.5, 0.9, 0.95, 0.99];

/**
 * Charts of one latency over all series.
 *
 * @param o Unit and name of the values, where they come from, and the series.
 * @returns A block; what is missing where no series has a value.
 */
export function distributionBlock(
  title: string,
  o: {
    readonly metric: string;
    readonly source: string;
    readonly missing: string;
    readonly series: readonly SampleSeries[];
  },
): ReportBlock {
  const series = o.series.filter(({ sample }) => sample.values.length > 0);
  if (series.length === 0) return { kind: "missing", title, text: o.missing };
  const axisTitle = `${o.metric} [ms]`;
  const medians = series.map(({ name, sample }) => {
    const points = ecdf(sample, { maxPoints: Infinity });
    return `${name}: half at or below ${formatNumber(quantileOf(points, 0.5))} ms, 99 % at or ` +
      `below ${formatNumber(quantileOf(points, 0.99))} ms`;
  });
  const charts: ReportChart[] = [
    {
      title: `${o.metric}, cumulative`,
      description: medians.join("; "),
      legend: seriesLegend(series),
      drawing: { kind: "vega", spec: ecdfSpec(series, axisTitle) },
    },
    {
      title: `${o.metric}, histogram`,
      description: medians.join("; "),
      legend: seriesLegend(series),
      drawing: { kind: "vega", spec: histogramSpec(series, axisTitle) },
    },
  ];
  return {
    kind: "charts",
    title,
    note: o.source,
    charts,
    figures: {
      caption: `${o.metric} in milliseconds`,
      columns: tableColumns([""], [
        "values",
        ...QUANTILES.map((share) => `p${share * 100}`),
        "largest",
      ]),
      rows: series.map(({ name, sample }) => {
        const points = ecdf(sample, { maxPoints: Infinity });
        const count = sample.weights.reduce((sum, weight) => sum + weight, 0);
        return [
          name,
          formatCount(count),
          ...[...QUANTILES, 1].map((share) => formatNumber(quantileOf(points, share))),
        ];
      }),
    },
  };
}
