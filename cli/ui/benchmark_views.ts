/** Figures of the benchmark. */

import type { KernelCaseResult } from "../../bench/mod.ts";
import { formatDuration, formatRate } from "../../fixtures/mod.ts";
import { type Element, element, table, type View } from "./element.ts";
import type { BenchmarkReport } from "./messages.ts";
import type { PageState } from "./state.ts";

/** Below this many steps of the timer a time is worth little. */
const FEW_STEPS = 10;

/** Shows ceilings, one row per case, and what limits them. */
export function viewBenchmark(benchmark: PageState["benchmark"]): View[] {
  if (benchmark === null) return [];
  if (benchmark.kind === "skipped") return [element("p", { class: "note" }, benchmark.reason)];
  const { report } = benchmark;
  const { ceilings, cases } = report.result;
  const sentence = `Read at ${formatRate(ceilings.memoryBytesPerSecond, "B")} and computed at ` +
    `${formatRate(ceilings.flopsPerSecond, "FLOP")} in f32 at best, measured in this run.`;
  return [
    element("p", {}, sentence),
    ...notesOf(report).map((note) => element("p", { class: "note" }, note)),
    table({
      id: "figures",
      caption: "Attention steps, each checked against the oracle before it was timed",
      names: "Case",
      figures: ["median", "bytes", "operations", "of the ceiling"],
      rows: cases.map(caseRow),
    }),
  ];
}

function notesOf({ result, timerStepMs }: BenchmarkReport): string[] {
  const software = "The adapter runs on the CPU, so these are not figures of a GPU.";
  return [
    ...(result.adapter.isSoftware ? [software] : []),
    ...(timerStepMs === null ? [] : [describeStep(result.cases, timerStepMs)]),
  ];
}

function describeStep(cases: readonly KernelCaseResult[], stepMs: number): string {
  const coarse = cases.flatMap(({ case: { name }, outcome }) =>
    outcome.kind === "timed" && outcome.figures.medianMs < FEW_STEPS * stepMs ? [name] : []
  );
  const rounded = `This browser rounds GPU times to steps of ${formatDuration(stepMs)}`;
  return coarse.length === 0
    ? `${rounded}; every case takes more than ${FEW_STEPS} of them.`
    : `${rounded}; that is coarse for ${coarse.join(", ")}.`;
}

function caseRow({ case: { name }, outcome }: KernelCaseResult): Element {
  const title = element("th", { scope: "row" }, element("code", {}, name));
  if (outcome.kind !== "timed") {
    return element(
      "tr",
      {},
      title,
      element("td", { colspan: 4 }, `${outcome.kind}: ${outcome.reason}`),
    );
  }
  const { medianMs, bytesPerSecond, flopsPerSecond, ceilingShare, bound } = outcome.figures;
  const cells = [
    formatDuration(medianMs),
    formatRate(bytesPerSecond, "B"),
    formatRate(flopsPerSecond, "FLOP"),
    `${(ceilingShare * 100).toFixed(1)} % of ${bound}`,
  ];
  return element("tr", {}, title, ...cells.map((cell) => element("td", { class: "number" }, cell)));
}
