import {
  listPoints,
  ratioAt,
  SWEEP_AXES,
  SWEEP_COMPARED,
  type SweepHeader,
  type SweepPoint,
  type SweepRow,
  variedAxes,
} from "../../bench/mod.ts";
import { paintVerdict } from "./gate.ts";
import { figures, indented, labels, renderTable, type ReportStyle } from "../terminal/mod.ts";
import { formatChange } from "../../fixtures/mod.ts";

/**
 * Names a point by the axes that vary.
 *
 * @returns Words with commas between them.
 */
export function describePoint(point: SweepPoint): string {
  const parts = (Object.keys(SWEEP_AXES) as (keyof SweepPoint)[]).flatMap((axis) =>
    point[axis] === null ? [] : [`${SWEEP_AXES[axis]} ${point[axis]}`]
  );
  return parts.length === 0 ? "the fixture as it is" : parts.join(", ");
}

/** Lays out a sweep: a row for each point with changes against the baseline side and verdicts. */
export function renderSweep(
  sweep: { readonly header: SweepHeader; readonly rows: readonly SweepRow[] },
  style: ReportStyle,
): string[] {
  const { header, rows } = sweep;
  const { paint } = style;
  const axes = variedAxes(header.axes);
  const columns = [
    ...figures(...axes.map((axis) => SWEEP_AXES[axis])),
    ...header.gates.flatMap((gate) => [
      ...figures(...SWEEP_COMPARED[gate].metrics.map(({ name }) => name.replace("mean ", ""))),
      ...labels(gate),
    ]),
  ];
  const cells = rows.map((row) => [
    ...axes.map((axis) => String(row.point[axis])),
    ...header.gates.flatMap((gate) => {
      const verdict = row.verdicts[gate];
      const shown = row.error !== null
        ? "error"
        : verdict === undefined
        ? "–"
        : paintVerdict(verdict, paint);
      const { metrics } = SWEEP_COMPARED[gate];
      return [...metrics.map((metric) => formatChange(ratioAt(row, gate, metric))), shown];
    }),
  ]);
  const total = listPoints(header.axes).length;
  const errors = rows.flatMap(({ point, error }) =>
    error === null ? [] : indented(style, `${describePoint(point)}: ${error}`)
  );
  return [
    `${header.fixture}: ${rows.length} of ${total} points`,
    ...renderTable(cells, { columns }),
    ...errors,
  ];
}
