/** Charts of comparisons: pairs with their interval, and predicted against replayed. */

import type { Mark, Scale, Spec } from "vega";
import type { Comparison } from "../result/mod.ts";
import { axis, CHART_FONT, chartSpec, linearScale, markOf, ordinalScale } from "./chart_spec.ts";
import type { LegendEntry } from "./section.ts";

/** Change of every metric: each pair, the mean with its interval, and what is demanded. */
export function pairsSpec(comparisons: readonly Comparison[]): Spec {
  const change = (ratio: number): number => ratio - 1;
  const shown = comparisons.filter(({ ratio }) => ratio !== null);
  const pairs = shown.flatMap(({ metric, pairLogRatios }) =>
    pairLogRatios.map((log) => ({ metric, change: change(Math.exp(log)) }))
  );
  const means = shown.map(({ metric, ratio, interval, threshold }) => ({
    metric,
    change: change(ratio!),
    lower: change(interval?.lower ?? ratio!),
    upper: change(interval?.upper ?? ratio!),
    demanded: threshold === null ? null : change(threshold),
  }));
  const demands = means.filter(({ demanded }) => demanded !== null);
  const ends = [0, ...means.flatMap(({ lower, upper }) => [lower, upper])]
    .concat(pairs.map((pair) => pair.change), demands.map(({ demanded }) => demanded!));
  return chartSpec({
    height: 60 + shown.length * 46,
    data: [
      { name: "pairs", values: pairs },
      { name: "means", values: means },
      { name: "demands", values: demands },
    ],
    scales: [
      linearScale("x", [Math.min(...ends), Math.max(...ends)], { zero: true, padding: 12 }),
      bandScale(shown.map(({ metric }) => metric), 0.2),
    ],
    axes: [axis("bottom", "change, candidate against baseline", { format: "+~%" })],
    marks: [
      markOf("text", "means", {
        x: { value: 2 },
        y: { scale: "y", field: "metric" },
        text: { field: "metric" },
        baseline: { value: "top" },
        fontSize: { value: 12 },
        font: { value: CHART_FONT },
        fill: { value: "var(--ink)" },
      }),
      rule(null, "var(--ink)", {
        x: { scale: "x", value: 0 },
        y: { value: 0 },
        y2: { signal: "height" },
      }),
      rule("demands", "var(--bad)", {
        x: { scale: "x", field: "demanded" },
        y: { scale: "y", field: "metric", band: 0.45 },
        y2: { scale: "y", field: "metric", band: 1 },
      }),
      rule("means", "var(--ink)", {
        x: { scale: "x", field: "lower" },
        x2: { scale: "x", field: "upper" },
        y: { scale: "y", field: "metric", band: 0.62 },
      }),
      symbol("pairs", { shape: "circle", size: 36, band: 0.85, color: "var(--series-1)" }),
      symbol("means", { shape: "diamond", size: 70, band: 0.62, color: "var(--ink)" }),
    ],
  });
}

/** A bar of a prediction or of a replay. */
export interface CapacityBar {
  readonly side: string;
  /** What stands behind the figure. */
  readonly origin: "predicted" | "replayed";
  /** Requests running at once. */
  readonly concurrency: number;
}

const PREDICTED = "var(--held)";
const REPLAYED = "var(--series-1)";

/** What the colours of bars stand for. */
export const CAPACITY_LEGEND: readonly LegendEntry[] = [
  { name: "predicted", color: PREDICTED, mark: "square" },
  { name: "replayed", color: REPLAYED, mark: "square" },
];

/** Predicted and replayed concurrency, side by side. */
export function capacitySpec(bars: readonly CapacityBar[]): Spec {
  const sides = [...new Set(bars.map(({ side }) => side))];
  return chartSpec({
    height: 60 + sides.length * 42,
    data: [{ name: "bars", values: [...bars] }],
    scales: [
      linearScale("x", { data: "bars", field: "concurrency" }, { nice: true, zero: true }),
      bandScale(sides, 0.25),
      ordinalScale("offset", ["predicted", "replayed"], [0, 0.5]),
      ordinalScale("color", ["predicted", "replayed"], [PREDICTED, REPLAYED]),
    ],
    axes: [
      axis("bottom", "running requests while pages are short"),
      axis("left", "", { grid: false, ticks: false, domain: false, labelLimit: 0 }),
    ],
    marks: [markOf("rect", "bars", {
      x: { scale: "x", value: 0 },
      x2: { scale: "x", field: "concurrency" },
      yc: {
        signal: "scale('y', datum.side) + bandwidth('y') * (scale('offset', datum.origin) + 0.25)",
      },
      height: { signal: "bandwidth('y') * 0.46" },
      fill: { scale: "color", field: "origin" },
    })],
  });
}

function bandScale(domain: readonly string[], padding: number): Scale {
  return { name: "y", type: "band", domain: [...domain], range: "height", padding };
}

function rule(data: string | null, color: string, place: Record<string, unknown>): Mark {
  return markOf("rule", data, { ...place, stroke: { value: color }, strokeWidth: { value: 2 } });
}

function symbol(
  data: string,
  o: { readonly shape: string; readonly size: number; readonly band: number; color: string },
): Mark {
  return markOf("symbol", data, {
    x: { scale: "x", field: "change" },
    y: { scale: "y", field: "metric", band: o.band },
    shape: { value: o.shape },
    size: { value: o.size },
    fill: { value: o.color },
  });
}
