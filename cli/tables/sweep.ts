import {
  type GateName,
  listPoints,
  type SideName,
  type SweepHeader,
  type SweepPoint,
  type SweepRow,
} from "../../bench/mod.ts";
import { paintVerdict, type ReportStyle } from "./gate.ts";
import { type Column, renderTable, wrapText } from "../terminal/mod.ts";
import { formatChange } from "../../fixtures/mod.ts";

/** Short names of the axes, as flags have them. */
const AXES: readonly (readonly [keyof SweepPoint, string])[] = [
  ["windowTokens", "window"],
  ["ratio", "ratio"],
  ["contextTokens", "context"],
  ["batch", "batch"],
  ["pageSizeTokens", "page size"],
];

/** What is compared with what, for each gate. */
const COMPARED: Readonly<Record<GateName, readonly [SideName, SideName]>> = {
  "gate/read": ["uniform", "headwise"],
  "gate/capacity": ["pooled", "pooled-recycle"],
};

/**
 * Names a point by the axes that vary.
 *
 * @returns Words with commas between them.
 */
export function describePoint(point: SweepPoint): string {
  const parts = AXES.flatMap(([axis, name]) =>
    point[axis] === null ? [] : [`${name} ${point[axis]}`]
  );
  return parts.length === 0 ? "the fixture as it is" : parts.join(", ");
}

/** Lays out a sweep: a row for each point with changes against the baseline side and verdicts. */
export function renderSweep(
  sweep: { readonly header: SweepHeader; readonly rows: readonly SweepRow[] },
  style: ReportStyle,
): string[] {
  const { header, rows } = sweep;
  const { paint, columns: width } = style;
  const axes = AXES.filter(([axis]) => header.axes[axis].length > 0);
  const columns: Column[] = [
    ...axes.map(([, title]) => ({ title, align: "right" as const })),
    ...header.gates.flatMap((gate): Column[] => [
      ...(gate === "gate/read" ? ["TTFT", "TBT"] : ["throughput", "concurrency"])
        .map((title) => ({ title, align: "right" as const })),
      { title: gate },
    ]),
  ];
  const cells = rows.map((row) => [
    ...axes.map(([axis]) => String(row.point[axis])),
    ...header.gates.flatMap((gate) => {
      const verdict = row.verdicts[gate];
      const shown = row.error !== null
        ? "error"
        : verdict === undefined
        ? "–"
        : paintVerdict(verdict, paint);
      return [...changesOf(row, gate), shown];
    }),
  ]);
  const total = listPoints(header.axes).length;
  const errors = rows.flatMap(({ point, error }) =>
    error === null ? [] : wrapText(`${describePoint(point)}: ${error}`, { width, indent: "  " })
  );
  return [
    `${header.fixture}: ${rows.length} of ${total} points`,
    ...renderTable(cells, { columns }),
    ...errors,
  ];
}

function changesOf(row: SweepRow, gate: GateName): string[] {
  const [left, right] = COMPARED[gate].map((name) => row.sides.find((side) => side.name === name));
  const keys = gate === "gate/read"
    ? ["meanTtftMs", "meanTbtMs"] as const
    : ["outputTokensPerSecond", "meanConcurrency"] as const;
  return keys.map((key) => {
    const [base, value] = [left?.[key] ?? null, right?.[key] ?? null];
    return formatChange(base === null || value === null ? null : value / base);
  });
}
