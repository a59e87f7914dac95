/** The page of a verdict: what each form of kernel changes, with the figures of its runs. */

import { markdownList, markdownParagraph, markdownTable } from "../bench/report/markdown.ts";
import { figures, labels } from "../cli/terminal/mod.ts";
import { samplesOf } from "../bench/gate/mod.ts";
import {
  type BenchResult,
  type Comparison,
  refuseRepeated,
  type SideName,
} from "../bench/result/mod.ts";
import { type PageSections, signedPercent } from "./docs_page.ts";

/** Loads that a clock is replayed at. */
export const LOADS = ["saturated", "half load"] as const;

/** Where the result of a clock at a load is kept, in the folder of results. */
export function resultName(clock: string, load: VerdictRun["load"]): string {
  return `verdict-${clock}-${load.replaceAll(/\W+/g, "-")}.json`;
}

/** One replay of a clock at a load. */
export interface VerdictRun {
  /** Short name of the clock. */
  readonly clock: string;
  readonly load: (typeof LOADS)[number];
  /** What was measured. */
  readonly result: BenchResult;
}

/** Pairs of sides that an engine team asks about, the first being the gate's own. */
const PAIRS: readonly (readonly [SideName, SideName, string])[] = [
  ["uniform", "headwise", "`headwise` against `row`"],
  ["uniform", "uniform-clipped", "`clipped` against `row`"],
  ["uniform-clipped", "headwise", "`headwise` against `clipped`"],
  ["headwise-row", "headwise", "`headwise` against `headwise-row`"],
  ["two-pass", "headwise", "`headwise` against `two-pass`"],
];

/**
 * Lays out the page.
 *
 * @param runs Replays, in the order that they are shown in.
 * @param o Whether they only rehearse the script.
 * @throws {BenchError} When two replays hold the same measured run.
 */
export function renderVerdict(
  runs: readonly VerdictRun[],
  o: { readonly isRehearsal: boolean },
): string {
  refuseRepeated(
    runs.map(({ clock, load, result }) => samplesOf(result, { name: `${clock}, ${load}` })),
  );
  const parts = ["# Figures of the verdict", ""];
  parts.push(
    ...markdownParagraph(
      o.isRehearsal
        ? "A rehearsal on a processor: it shows that the script runs, and nothing about a card."
        : "Written by `deno task verdict`. Each line is a pair of kernels on the same schedule, " +
          "tables and requests; changes are of means over interleaved pairs, with 95 % intervals.",
    ),
  );
  for (const run of runs) parts.push("", ...renderRun(run));
  return `${parts.join("\n").trimEnd()}\n`;
}

/** The table of figures of `docs/verdict.md`: a line for each pair of kernels, a column a run. */
export function verdictSections(runs: readonly VerdictRun[]): PageSections {
  const rows = PAIRS.map(([baseline, candidate, name]) => [
    name,
    ...runs.map(({ result }) =>
      findPair(result, baseline, candidate)?.map(({ ratio }) => change(ratio)).join(" and ") ?? "–"
    ),
  ]);
  const titles = runs.map(({ clock, load, result }) =>
    `${clock}, ${load}, ${result.requests.count} requests`
  );
  return {
    figures: markdownTable([...labels("mean TTFT and mean TBT"), ...figures(...titles)], rows),
  };
}

function renderRun({ clock, load, result }: VerdictRun): string[] {
  const rows = PAIRS.flatMap(([baseline, candidate, name]) => {
    const compared = findPair(result, baseline, candidate);
    if (compared === null) return [];
    const [ttft, tbt] = compared;
    return [[
      name,
      milliseconds(ttft.baseline),
      changeWithInterval(ttft),
      milliseconds(tbt.baseline),
      changeWithInterval(tbt),
    ]];
  });
  return [
    `## ${clock}, ${load}`,
    "",
    ...markdownList(factsOf(result)),
    "",
    ...markdownTable(
      [
        ...labels("pair"),
        ...figures("mean TTFT before [ms]", "change", "mean TBT before [ms]", "change"),
      ],
      rows,
    ),
  ];
}

function factsOf(result: BenchResult): string[] {
  const { clock, environment, workload, requests, readGate, verification, clockCost } = result;
  const { adapter, calibration, ceilings } = clock;
  const terabytes = ceilings.memoryBytesPerSecond / 1e12;
  const teraflops = ceilings.flopsPerSecond / 1e12;
  const kernels = adapter === undefined
    ? "this project's WGSL kernel"
    : [...new Set(Object.values(adapter.kernels))].join("; ");
  const facts = [
    `gate/read: **${readGate?.verdict ?? "not judged"}** over ${readGate?.pairs ?? 0} pairs`,
    `card: ${environment.adapter ?? "none"}, driver ${environment.driver ?? "unknown"}`,
    `kernel: ${kernels}`,
    `workload: ${workload.name}, ${requests.count} requests, head map ${workload.headMapName}`,
    calibration === undefined
      ? `rest of a layer modelled with ${terabytes.toFixed(2)} TB/s and ` +
        `${teraflops.toFixed(0)} TFLOP/s (${ceilings.source}: ${ceilings.note})`
      : `rest of a layer from the profile of ${calibration.card}, within ` +
        `${(100 * calibration.error.ttft).toFixed(0)} % of TTFT and ` +
        `${(100 * calibration.error.tpot).toFixed(0)} % of TPOT for nine in ten published results`,
    `checks: ${verification.checks}, ${verification.failures.length} failed`,
  ];
  if (clockCost !== undefined) {
    const share = 100 * clockCost.protocolMs / clockCost.wallMs;
    facts.push(
      `the clock's protocol took ${share.toFixed(1)} % of the replays' wall time, ` +
        `${(clockCost.steps / clockCost.batches).toFixed(0)} steps a batch` +
        (clockCost.stepMs === undefined
          ? ""
          : `, and the device's own timers ${
            (100 * clockCost.stepMs / clockCost.wallMs).toFixed(0)
          } %`),
    );
    const [row, headwise] = [clockCost.sides?.["uniform"], clockCost.sides?.["headwise"]];
    if (row !== undefined && headwise !== undefined) {
      const [claimed, passed] = [headwise.stepMs / row.stepMs, headwise.sentMs / row.sentMs];
      facts.push(
        `\`headwise\` against \`row\`: ${change(claimed)} by the device's own timers, ` +
          `${change(passed)} by the time that passed with steps at the adapter`,
      );
    }
  }
  return facts;
}

/** Mean TTFT and mean TBT of two sides; null where they were not compared. */
function findPair(
  { readGate }: BenchResult,
  baseline: SideName,
  candidate: SideName,
): readonly [Comparison, Comparison] | null {
  if (readGate === null) return null;
  const found = [readGate, ...readGate.others ?? []].find((each) =>
    each.baseline === baseline && each.candidate === candidate
  );
  const metric = (name: string) => found?.comparisons.find((each) => each.metric === name);
  const [ttft, tbt] = [metric("mean TTFT"), metric("mean TBT")];
  return ttft === undefined || tbt === undefined ? null : [ttft, tbt];
}

function milliseconds(value: number | null): string {
  if (value === null) return "–";
  return value >= 1000 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
}

function change(ratio: number | null): string {
  return ratio === null ? "–" : signedPercent(ratio - 1);
}

function changeWithInterval({ ratio, interval }: Comparison): string {
  if (ratio === null || interval === null || interval.degenerate) return change(ratio);
  return `${change(ratio)} (${change(interval.lower)} to ${change(interval.upper)})`;
}
