/** The section of a sweep: a change of every metric at each point of the grid. */

import type { Spec } from "vega";
import { formatChange } from "../../fixtures/mod.ts";
import type { GateName, SideName } from "../result/mod.ts";
import { listPoints, type Sweep, type SweepPoint, type SweepRow } from "../sweep/mod.ts";
import { axis, chartSpec } from "./chart_spec.ts";
import { NO_VERDICT, type ReportBlock, type ReportSection, type ReportTable } from "./section.ts";

type SweepMetric =
  | "meanTtftMs"
  | "meanTbtMs"
  | "outputTokensPerSecond"
  | "meanConcurrency";

/** What each gate compares, and by which metrics. */
const COMPARED: Readonly<
  Record<
    GateName,
    {
      readonly sides: readonly [SideName, SideName];
      readonly metrics: readonly [SweepMetric, string][];
    }
  >
> = {
  "gate/read": {
    sides: ["uniform", "headwise"],
    metrics: [["meanTtftMs", "mean TTFT"], ["meanTbtMs", "mean TBT"]],
  },
  "gate/capacity": {
    sides: ["pooled", "pooled-recycle"],
    metrics: [["outputTokensPerSecond", "throughput"], ["meanConcurrency", "concurrency"]],
  },
};

const METRIC_COLORS = ["var(--series-1)", "var(--series-2)"] as const;

const AXIS_NAMES: Readonly<Record<keyof SweepPoint, string>> = {
  windowTokens: "window",
  ratio: "ratio",
  contextTokens: "context",
  batch: "batch",
  pageSizeTokens: "page size",
};

/** Makes the section of a sweep. */
export function sweepSection(file: string, sweep: Sweep): ReportSection {
  const { header, rows } = sweep;
  const total = listPoints(header.axes).length;
  const errors = rows.filter(({ error }) => error !== null);
  const verdicts = rows.flatMap(({ verdicts }) => Object.values(verdicts));
  const passed = verdicts.filter((verdict) => verdict === "PASS").length;
  return {
    file,
    title: `Sweep of ${header.fixture}`,
    // A grid is there to be looked over: that some points fail is no verdict on it.
    verdict: rows.length < total || errors.length > 0
      ? { word: "INCOMPLETE", tone: "open" }
      : NO_VERDICT,
    findings: [
      `${rows.length} of ${total} points, ${passed} of ${verdicts.length} verdicts PASS, ` +
      `${errors.length} points could not be replayed`,
    ],
    blocks: [
      ...header.gates.map((gate) => gateBlock(sweep, gate)),
      ...(errors.length === 0 ? [] : [errorBlock(errors)]),
      {
        kind: "facts",
        title: "Settings",
        facts: [
          ["fixture", `${header.fixture}, sha256 ${header.fixtureSha256}`],
          ["model", `sha256 ${header.modelSha256}`],
          ["clock", header.clock],
          ["pairs", header.pairs === null ? "what suits the clock" : String(header.pairs)],
          ["seed", header.seed === null ? "the fixture's" : String(header.seed)],
          ...axesOf(header.axes).map((name): [string, string] => [
            AXIS_NAMES[name],
            header.axes[name].join(", "),
          ]),
        ],
        command: null,
      },
    ],
  };
}

function gateBlock({ header, rows }: Sweep, gate: GateName): ReportBlock {
  const { sides, metrics } = COMPARED[gate];
  const replayed = rows.filter(({ error }) => error === null);
  const changes = replayed.flatMap((row) =>
    metrics.flatMap(([metric, name]) => {
      const ratio = ratioOf(row, sides, metric);
      return ratio === null ? [] : [{ metric: name, point: row.index, change: ratio - 1 }];
    })
  );
  const table: ReportTable = {
    caption: `${gate}: ${sides[1]} against ${sides[0]}`,
    columns: [
      { title: "point", align: "right" },
      ...axesOf(header.axes).map((name) => ({ title: AXIS_NAMES[name], align: "right" as const })),
      ...metrics.map(([, title]) => ({ title, align: "right" as const })),
      { title: "verdict" },
    ],
    rows: replayed.map((row) => [
      String(row.index),
      ...axesOf(header.axes).map((name) => String(row.point[name])),
      ...metrics.map(([metric]) => formatChange(ratioOf(row, sides, metric))),
      row.verdicts[gate] ?? "–",
    ]),
  };
  if (changes.length === 0) return { kind: "table", table };
  return {
    kind: "charts",
    title: `${gate} over the grid`,
    note: "Change at each point of the grid, in the order of the table of figures.",
    charts: [{
      title: table.caption,
      description: `${replayed.length} points`,
      legend: metrics.map(([, name], place) => ({
        name,
        color: METRIC_COLORS[place],
        mark: "square",
      })),
      drawing: { kind: "vega", spec: changeSpec(changes, metrics.map(([, name]) => name)) },
    }],
    figures: table,
  };
}

function ratioOf(
  row: SweepRow,
  sides: readonly [SideName, SideName],
  metric: SweepMetric,
): number | null {
  const [base, value] = sides.map((name) =>
    row.sides.find((side) => side.name === name)?.[metric] ?? null
  );
  return base === null || value === null || base === 0 ? null : value / base;
}

function changeSpec(
  changes: readonly { readonly metric: string; readonly point: number; readonly change: number }[],
  metrics: readonly string[],
): Spec {
  return chartSpec({
    data: [{ name: "changes", values: [...changes] }],
    scales: [
      {
        name: "x",
        type: "linear",
        domain: { data: "changes", field: "point" },
        range: "width",
        zero: false,
        padding: 8,
      },
      {
        name: "y",
        type: "linear",
        domain: { data: "changes", field: "change" },
        range: "height",
        zero: true,
        nice: true,
      },
      {
        name: "color",
        type: "ordinal",
        domain: [...metrics],
        range: [...METRIC_COLORS],
      },
      { name: "shape", type: "ordinal", domain: [...metrics], range: ["circle", "diamond"] },
    ],
    axes: [
      axis("bottom", "point", { format: "d" }),
      axis("left", "change of the metric", { format: "+~%" }),
    ],
    marks: [{
      type: "symbol",
      from: { data: "changes" },
      encode: {
        enter: {
          x: { scale: "x", field: "point" },
          y: { scale: "y", field: "change" },
          fill: { scale: "color", field: "metric" },
          shape: { scale: "shape", field: "metric" },
          size: { value: 45 },
        },
      },
    }],
  });
}

function errorBlock(rows: readonly SweepRow[]): ReportBlock {
  return {
    kind: "table",
    table: {
      caption: "Points that could not be replayed",
      columns: [{ title: "point", align: "right" }, { title: "why" }],
      rows: rows.map(({ index, error }) => [String(index), error!]),
    },
  };
}

function axesOf(axes: Sweep["header"]["axes"]): (keyof SweepPoint)[] {
  return (Object.keys(AXIS_NAMES) as (keyof SweepPoint)[])
    .filter((name) => axes[name].length > 0);
}
