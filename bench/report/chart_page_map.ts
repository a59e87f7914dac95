/** The heat map of a request's block-table rows, full head above window head. */

import type { Spec } from "vega";
import type { PageHistory } from "../result/mod.ts";
import { axis, chartSpec, linearScale, markOf } from "./chart_spec.ts";
import { pageCells } from "./page_map.ts";
import type { LegendEntry } from "./section.ts";

const PANEL_HEIGHT = 130;
const PANEL_GAP = 26;

/** What a colour stands for: pages of a full head, or the state of a window head's. */
const COLORS = { full: "var(--full)", visible: "var(--window)", outside: "var(--held)" } as const;

/** What the colours stand for, of those that a history has. */
export function pageMapLegend({ rows }: PageHistory): readonly LegendEntry[] {
  const entry = (name: string, color: string): LegendEntry => ({ name, color, mark: "square" });
  const kinds = rows.map(({ kind }) => kind);
  if (!kinds.includes("window")) return [entry("held", COLORS.full)];
  return [
    ...(kinds.includes("full") ? [entry("full head", COLORS.full)] : []),
    entry("window head, inside its window", COLORS.visible),
    entry("held outside it", COLORS.outside),
  ];
}

/** Steps to the right, pages upwards; the same scales in all panels. */
export function pageMapSpec(
  history: PageHistory,
  o: { readonly steps: readonly [number, number]; readonly pages: number },
): Spec {
  const panels = history.rows;
  const height = panels.length * PANEL_HEIGHT + (panels.length - 1) * PANEL_GAP;
  return chartSpec({
    height: height + 60,
    data: panels.map((row, panel) => ({
      name: `cells-${panel}`,
      values: pageCells(history, row).map((cell) => ({
        ...cell,
        color: COLORS[row.kind === "window" ? cell.state : "full"],
      })),
    })),
    scales: [
      linearScale("x", o.steps, { zero: false }),
      ...panels.map((_, panel) => ({
        name: `y-${panel}`,
        type: "linear" as const,
        domain: [0, o.pages],
        range: panelRange(panel, panels.length),
      })),
    ],
    axes: [
      axis("bottom", "step"),
      ...panels.map((row, panel) =>
        axis("left", `page, ${row.kind === "shared" ? "all heads" : `${row.kind} head`}`, {
          scale: `y-${panel}`,
          tickCount: 4,
          format: ",d",
          domain: false,
        })
      ),
    ],
    marks: panels.map((_, panel) =>
      markOf("rect", `cells-${panel}`, {
        x: { scale: "x", field: "fromStep" },
        x2: { scale: "x", field: "toStep" },
        y: { scale: `y-${panel}`, field: "fromPage" },
        y2: { scale: `y-${panel}`, field: "toPage" },
        fill: { field: "color" },
      })
    ),
  });
}

/** A panel's share of the height, the first at the top. */
function panelRange(panel: number, panels: number) {
  const parts = panels * PANEL_HEIGHT + (panels - 1) * PANEL_GAP;
  const top = panel * (PANEL_HEIGHT + PANEL_GAP);
  return [
    { signal: `height * ${(top + PANEL_HEIGHT) / parts}` },
    { signal: `height * ${top / parts}` },
  ];
}
