/** What a report shows over time: batch, pool occupancy, and the pages of one request. */

import { formatCount, formatNumber } from "../../fixtures/mod.ts";
import type { BenchResult, PageHistory, SideResult, StepTimeline } from "../result/mod.ts";
import { pageMapLegend, pageMapSpec } from "./chart_page_map.ts";
import { seriesLegend } from "./chart_spec.ts";
import { batchSpec, occupancySpec, type TimelineSeries } from "./chart_timeline.ts";
import { rangeOf } from "./distribution.ts";
import { countPages } from "./page_map.ts";
import { type ReportBlock, tableColumns } from "./section.ts";
import { thinTimeline } from "./thin_timeline.ts";

/** Where to get what an older result, or one without it, lacks. */
const HOW_TO_RECORD = "The result has no timeline. Run the benchmark again with this build, and " +
  "with `--timeline 512` or more where it was switched off";

/** As many entries as a chart has room for. */
const DRAWN_ENTRIES = 512;

interface RecordedSide {
  readonly side: SideResult;
  readonly place: number;
  readonly timeline: StepTimeline;
}

/** Batch, occupancy and pages of every side that was recorded. */
export function timelineBlocks(
  result: BenchResult,
  placeOf: (side: SideResult) => number,
): ReportBlock[] {
  const recorded = result.sides.flatMap((side): RecordedSide[] => {
    const timeline = side.runs[0]?.timeline ?? null;
    const isDrawn = timeline !== null && timeline.startMs.length > 0;
    return isDrawn ? [{ side, place: placeOf(side), timeline }] : [];
  });
  if (recorded.length === 0) {
    return ["Batch over time", "Pool occupancy", "Pages of a request"]
      .map((title) => ({ kind: "missing", title, text: HOW_TO_RECORD }));
  }
  return [batchBlock(recorded), occupancyBlock(recorded), ...pageBlocks(recorded)];
}

function batchBlock(recorded: readonly RecordedSide[]): ReportBlock {
  const series = recorded.map(({ side, place, timeline }): TimelineSeries => ({
    name: side.name,
    place,
    timeline: thinTimeline(timeline, { maxEntries: DRAWN_ENTRIES }),
  }));
  return {
    kind: "charts",
    title: "Batch over time",
    note: `Running requests of the first pair; ${describeJoining(series)}.`,
    charts: [{
      title: "Running requests over time",
      description: recorded.map(({ side, timeline }) =>
        `${side.name}: at most ${formatNumber(rangeOf(timeline.running)[1])} requests`
      ).join("; "),
      legend: seriesLegend(series),
      drawing: { kind: "vega", spec: batchSpec(series) },
    }],
    figures: {
      caption: "Steps of the first pair",
      columns: tableColumns([""], [
        "steps",
        "entries",
        "prompt tokens",
        "decode tokens",
        "end [ms]",
      ]),
      rows: recorded.map(({ side, timeline }) => [
        side.name,
        formatCount(timeline.steps),
        formatCount(timeline.startMs.length),
        formatCount(sum(timeline.prefillTokens)),
        formatCount(sum(timeline.decodeTokens)),
        formatNumber(timeline.endMs.at(-1)!),
      ]),
    },
  };
}

function occupancyBlock(recorded: readonly RecordedSide[]): ReportBlock {
  const capacityOf = ({ side, timeline }: RecordedSide): number =>
    side.runs[0].performance?.peakPages.capacity ??
      rangeOf(timeline.fullHeadPages.map((full, i) => full + timeline.windowHeadPages[i]))[1];
  const peak = (values: readonly number[]): string => formatCount(rangeOf(values)[1]);
  return {
    kind: "charts",
    title: "Pool occupancy by kind of head",
    note:
      "Pages held in each step, a page of a uniform table counted once for each of its heads. " +
      "The dashed line is what all pools together hold; with a pool for each head, the pools of " +
      "full heads are exhausted before it is reached.",
    charts: recorded.map((each) => ({
      title: each.side.name,
      description: `At most ${peak(each.timeline.fullHeadPages)} pages of full heads and ` +
        `${peak(each.timeline.windowHeadPages)} of window heads, of ` +
        `${formatCount(capacityOf(each))}`,
      legend: [
        {
          name: each.side.layout === "uniform" ? "pages of all heads" : "full heads",
          color: "var(--full)",
          mark: "square",
        },
        ...(each.side.layout === "uniform"
          ? []
          : [{ name: "window heads", color: "var(--window)", mark: "square" as const }]),
      ],
      drawing: {
        kind: "vega",
        spec: occupancySpec(thinTimeline(each.timeline, { maxEntries: DRAWN_ENTRIES }), {
          capacity: capacityOf(each),
        }),
      },
    })),
    figures: {
      caption: "Most head-pages held in one step",
      columns: tableColumns([""], ["full heads", "window heads", "all pools"]),
      rows: recorded.map((each) => [
        each.side.name,
        peak(each.timeline.fullHeadPages),
        peak(each.timeline.windowHeadPages),
        formatCount(capacityOf(each)),
      ]),
    },
  };
}

function pageBlocks(recorded: readonly RecordedSide[]): ReportBlock[] {
  const histories = recorded.flatMap(({ side, timeline: { pageHistory } }) =>
    pageHistory === null ? [] : [{ side, history: pageHistory }]
  );
  const title = "Pages of a request, step by step";
  if (histories.length === 0) {
    const text = "No request fits the model's length, so no block-table row was followed";
    return [{ kind: "missing", title, text }];
  }
  const { request } = histories[0].history;
  return [{
    kind: "charts",
    title,
    note: `Rows of the block table of request ${request}, the longest, read as a step found ` +
      "them: the first full head above the first window head. A held page is inside the window " +
      "if the newest token of the step sees a token of it. Where pages are recycled the window " +
      "slides; where they are not, what lies outside stays held until the request ends.",
    charts: histories.map(({ side, history }) => ({
      title: side.name,
      description: history.rows.map((row) => describeRow(history, row)).join("; "),
      legend: pageMapLegend(history),
      drawing: {
        kind: "vega",
        hasTiles: true,
        spec: pageMapSpec(history, { steps: stepRange(history), pages: pagesOf(history) }),
      },
    })),
    figures: {
      caption: `Pages of request ${request} at its last sampled step`,
      columns: tableColumns(["", "row"], ["sampled steps", "held", "of them outside the window"]),
      rows: histories.flatMap(({ side, history }) =>
        history.rows.map((row) => {
          const { held, outside } = countPages(history, row);
          const name = row.kind === "shared"
            ? "all heads"
            : `${row.kind} head ${row.head} of group ${row.group}`;
          return [
            side.name,
            name,
            `${history.steps.length}, every ${history.stepsPerSample}`,
            formatCount(held),
            formatCount(outside),
          ];
        })
      ),
    },
  }];
}

function describeRow(history: PageHistory, row: PageHistory["rows"][number]): string {
  const { held, outside } = countPages(history, row);
  const kind = row.kind === "shared" ? "all heads together" : `the ${row.kind} head`;
  return `${kind} at the end: ${held} pages held, ${outside} of them outside the window`;
}

function stepRange({ steps, stepsPerSample }: PageHistory): readonly [number, number] {
  return [steps[0], steps.at(-1)! + stepsPerSample];
}

function pagesOf({ rows }: PageHistory): number {
  return Math.max(1, ...rows.flatMap(({ runs }) => runs.map((run) => run.at(-1) ?? 0)));
}

function describeJoining(series: readonly TimelineSeries[]): string {
  const most = Math.max(...series.map(({ timeline }) => timeline.stepsPerEntry));
  return most === 1 ? "every step is drawn" : `up to ${most} neighbouring steps are joined`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
