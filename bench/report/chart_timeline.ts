/** Charts over time: the batch of every side, and the pages that its kinds of heads hold. */

import type { Spec } from "vega";
import type { StepTimeline } from "../result/mod.ts";
import {
  axis,
  chartSpec,
  linearScale,
  markOf,
  ordinalScale,
  seriesLines,
  seriesScales,
} from "./chart_spec.ts";

/** The timeline of a side with the name and the place of its series. */
export interface TimelineSeries {
  readonly name: string;
  /** Place among the colours. */
  readonly place: number;
  readonly timeline: StepTimeline;
}

/** Running requests of every side. */
export function batchSpec(series: readonly TimelineSeries[]): Spec {
  const unit = timeUnit(series.map(({ timeline }) => timeline));
  const rows = series.flatMap(({ name, timeline }) =>
    timeline.startMs.flatMap((startMs, entry) => [
      { name, at: startMs / unit.ms, running: timeline.running[entry] },
      { name, at: timeline.endMs[entry] / unit.ms, running: timeline.running[entry] },
    ])
  );
  return chartSpec({
    data: [{ name: "rows", values: rows }],
    scales: [
      TIME_SCALE,
      linearScale("y", { data: "rows", field: "running" }, { zero: true, nice: true }),
      ...seriesScales(series.map(({ name }) => name), series.map(({ place }) => place)),
    ],
    axes: [axis("bottom", `time [${unit.name}]`), axis("left", "running requests")],
    marks: [seriesLines({ x: "at", y: "running" })],
  });
}

/** Pages held by full and window heads of one side, stacked, under the size of its pools. */
export function occupancySpec(
  timeline: StepTimeline,
  o: { readonly capacity: number },
): Spec {
  const unit = timeUnit([timeline]);
  const rows = timeline.startMs.flatMap((startMs, entry) => {
    const full = timeline.fullHeadPages[entry];
    const both = full + timeline.windowHeadPages[entry];
    return [startMs, timeline.endMs[entry]].flatMap((ms) => [
      { kind: "full", at: ms / unit.ms, from: 0, to: full },
      { kind: "window", at: ms / unit.ms, from: full, to: both },
    ]);
  });
  return chartSpec({
    height: 200,
    data: [{ name: "rows", values: rows }],
    scales: [
      TIME_SCALE,
      linearScale("y", [0, o.capacity], { nice: true }),
      ordinalScale("color", ["full", "window"], ["var(--full)", "var(--window)"]),
    ],
    axes: [
      axis("bottom", `time [${unit.name}]`),
      axis("left", "head-pages", { format: ",d" }),
    ],
    marks: [
      {
        type: "group",
        from: { facet: { name: "one", data: "rows", groupby: "kind" } },
        marks: [markOf("area", "one", {
          x: { scale: "x", field: "at" },
          y: { scale: "y", field: "from" },
          y2: { scale: "y", field: "to" },
          fill: { scale: "color", field: "kind" },
        })],
      },
      markOf("rule", null, {
        x: { value: 0 },
        x2: { signal: "width" },
        y: { scale: "y", value: o.capacity },
        stroke: { value: "var(--ink)" },
        strokeDash: { value: [4, 3] },
      }),
    ],
  });
}

const TIME_SCALE = linearScale("x", { data: "rows", field: "at" }, { zero: false });

/** Seconds where milliseconds would be long numbers. */
function timeUnit(timelines: readonly StepTimeline[]): { name: string; ms: number } {
  const end = Math.max(0, ...timelines.map(({ endMs }) => endMs.at(-1) ?? 0));
  return end >= 10_000 ? { name: "s", ms: 1000 } : { name: "ms", ms: 1 };
}
