/** The section of a sweep: a change of every metric at each point of the grid. */

import type { Spec } from "vega";
import { formatChange } from "../../fixtures/mod.ts";
import type { GateName } from "../result/mod.ts";
import {
  listPoints,
  ratioAt,
  type Sweep,
  SWEEP_AXES,
  SWEEP_COMPARED,
  type SweepRow,
  variedAxes,
} from "../sweep/mod.ts";
import { axis, chartSpec, linearScale, markOf, ordinalScale } from "./chart_spec.ts";
import {
  NO_VERDICT,
  type ReportBlock,
  type ReportSection,
  type ReportTable,
  tableBlock,
  tableColumns,
} from "./section.ts";

const METRIC_COLORS = ["var(--series-1)", "var(--series-2)"] as const;

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
          ...variedAxes(header.axes).map((name): [string, string] => [
            SWEEP_AXES[name],
            header.axes[name].join(", "),
          ]),
        ],
        command: null,
      },
    ],
  };
}

function gateBlock({ header, rows }: Sweep, gate: GateName): ReportBlock {
  const { sides, metrics } = SWEEP_COMPARED[gate];
  const axes = variedAxes(header.axes);
  const replayed = rows.filter(({ error }) => error === null);
  const changes = replayed.flatMap((row) =>
    metrics.flatMap((metric) => {
      const ratio = ratioAt(row, gate, metric);
      return ratio === null ? [] : [{ metric: metric.name, point: row.index, change: ratio - 1 }];
    })
  );
  const table: ReportTable = {
    caption: `${gate}: ${sides[1]} against ${sides[0]}`,
    columns: tableColumns(
      [],
      ["point", ...axes.map((name) => SWEEP_AXES[name]), ...metrics.map(({ name }) => name)],
      ["verdict"],
    ),
    rows: replayed.map((row) => [
      String(row.index),
      ...axes.map((name) => String(row.point[name])),
      ...metrics.map((metric) => formatChange(ratioAt(row, gate, metric))),
      row.verdicts[gate] ?? "–",
    ]),
  };
  if (changes.length === 0) return tableBlock(table);
  return {
    kind: "charts",
    title: `${gate} over the grid`,
    note: "Change at each point of the grid, in the order of the table of figures.",
    charts: [{
      title: table.caption,
      description: `${replayed.length} points`,
      legend: metrics.map(({ name }, place) => ({
        name,
        color: METRIC_COLORS[place],
        mark: "square",
      })),
      drawing: { kind: "vega", spec: changeSpec(changes, metrics.map(({ name }) => name)) },
    }],
    figures: table,
  };
}

function changeSpec(
  changes: readonly { readonly metric: string; readonly point: number; readonly change: number }[],
  metrics: readonly string[],
): Spec {
  return chartSpec({
    data: [{ name: "changes", values: [...changes] }],
    scales: [
      linearScale("x", { data: "changes", field: "point" }, { zero: false, padding: 8 }),
      linearScale("y", { data: "changes", field: "change" }, { zero: true, nice: true }),
      ordinalScale("color", metrics, METRIC_COLORS),
      ordinalScale("shape", metrics, ["circle", "diamond"]),
    ],
    axes: [
      axis("bottom", "point", { format: "d" }),
      axis("left", "change of the metric", { format: "+~%" }),
    ],
    marks: [markOf("symbol", "changes", {
      x: { scale: "x", field: "point" },
      y: { scale: "y", field: "change" },
      fill: { scale: "color", field: "metric" },
      shape: { scale: "shape", field: "metric" },
      size: { value: 45 },
    })],
  });
}

function errorBlock(rows: readonly SweepRow[]): ReportBlock {
  return tableBlock({
    caption: "Points that could not be replayed",
    columns: tableColumns([], ["point"], ["why"]),
    rows: rows.map(({ index, error }) => [String(index), error!]),
  });
}
