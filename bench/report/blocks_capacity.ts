/** What a report shows of capacity: concurrency by arithmetic and as replayed. */

import { formatCount, formatNumber } from "../../fixtures/mod.ts";
import type { BenchResult, SideResult } from "../result/mod.ts";
import { CAPACITY_LEGEND, type CapacityBar, capacitySpec } from "./chart_comparison.ts";
import { meanOverRuns } from "../statistics/mod.ts";
import type { ReportBlock } from "./section.ts";

/** Predicted and replayed concurrency of every side. */
export function capacityBlock(result: BenchResult): ReportBlock {
  const { concurrencyPredictions: predictions, capacityPrediction } = result;
  const replayed = (side: SideResult): number | null =>
    meanOverRuns(side.runs, ({ memoryBoundConcurrency }) => memoryBoundConcurrency);
  const rows = predictions.map((prediction) => {
    const side = result.sides.find(({ name }) => name === prediction.side);
    return { prediction, replayed: side === undefined ? null : replayed(side) };
  });
  const bars = rows.flatMap(({ prediction, replayed }): CapacityBar[] => [
    { side: prediction.side, origin: "predicted", concurrency: prediction.concurrency },
    ...(replayed === null
      ? []
      : [{ side: prediction.side, origin: "replayed" as const, concurrency: replayed }]),
  ]);
  const idle = rows.every((row) => row.replayed === null)
    ? " Nothing was replayed under a shortage of pages here, for no request waited for them."
    : "";
  return {
    kind: "charts",
    title: "Capacity, predicted and replayed",
    note: `${capacityPrediction.explanation}.${idle}`.replace("..", "."),
    charts: [{
      title: "Running requests while pages are short",
      description: rows.map(({ prediction, replayed }) =>
        `${prediction.side}: predicted ${formatNumber(prediction.concurrency)}, replayed ` +
        (replayed === null ? "never short of pages" : formatNumber(replayed))
      ).join("; "),
      legend: CAPACITY_LEGEND,
      drawing: { kind: "vega", spec: capacitySpec(bars) },
    }],
    figures: {
      caption: "Running requests while pages are short",
      columns: ["", "predicted", "bound by", "replayed", "pages of the pool", "held by a request"]
        .map((title, index) => ({ title, align: index === 0 || index === 2 ? "left" : "right" })),
      rows: rows.map(({ prediction, replayed }) => [
        prediction.side,
        formatNumber(prediction.concurrency),
        prediction.boundBy,
        formatNumber(replayed),
        formatCount(prediction.capacityPages),
        formatNumber(prediction.heldPages),
      ]),
    },
  };
}
