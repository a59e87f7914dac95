/** The section of a replayed benchmark. */

import { formatCount } from "../../fixtures/mod.ts";
import {
  type BenchResult,
  FORM_MEANINGS,
  type RunResult,
  type SideResult,
  SIDES,
} from "../result/mod.ts";
import type { RunFigure } from "../statistics/mod.ts";
import { capacityBlock } from "./blocks_capacity.ts";
import { comparedSides, comparisonBlocks, comparisonFinding } from "./blocks_comparison.ts";
import { distributionBlock } from "./blocks_distribution.ts";
import { timelineBlocks } from "./blocks_timeline.ts";
import type { SampleSeries } from "./chart_distribution.ts";
import { sampleOf, type WeightedSample } from "./distribution.ts";
import { describeCeilings, describeRequests, environmentFacts, sidesTable } from "./figures.ts";
import {
  NO_VERDICT,
  type ReportBlock,
  type ReportSection,
  type ReportVerdict,
  tableBlock,
  tableColumns,
  verdictOf,
  worstVerdict,
} from "./section.ts";

/** Figures of the table of sides. */
const FIGURES: readonly (readonly [label: string, read: RunFigure])[] = [
  ["TTFT [ms], mean", ({ whole }) => whole.ttftMs?.mean],
  ["attention in it", ({ attentionOnly }) => attentionOnly.ttftMs?.mean],
  ["queueing in it", ({ queueMs }) => queueMs?.mean],
  ["without queueing", ({ ttftWithoutQueueMs }) => ttftWithoutQueueMs?.mean],
  ["TBT [ms], mean", ({ whole }) => whole.tbtMs?.mean],
  ["attention in it", ({ attentionOnly }) => attentionOnly.tbtMs?.mean],
  ["TPOT [ms], mean", ({ tpotMs }) => tpotMs?.mean],
  ["output [tokens/s]", ({ outputTokensPerSecond }) => outputTokensPerSecond],
  ["concurrency, mean", ({ meanConcurrency }) => meanConcurrency],
  ["preemptions", ({ preemptions }) => preemptions],
];

/** Makes the section of a benchmark's result. */
export function benchSection(file: string, result: BenchResult): ReportSection {
  const { readGate, capacityGate, verification } = result;
  const gates = [
    ...(readGate === null ? [] : [readGate]),
    ...(capacityGate === null ? [] : [capacityGate.perHead, capacityGate.pooled]),
  ].map(comparedSides);
  const reasons = [readGate, capacityGate?.perHead, capacityGate?.pooled]
    .flatMap((gate) => gate === null || gate === undefined || isPassed(gate) ? [] : gate.reasons);
  return {
    file,
    title: `Benchmark of ${result.workload.name}`,
    verdict: verdictOfResult(result),
    findings: verification.failures.length > 0
      ? [`The kernel is wrong, so nothing is timed: ${verification.failures[0]}`]
      : gates.length === 0
      ? ["Measured; no gate was judged"]
      : [...capacityFinding(capacityGate), ...gates.map(comparisonFinding), ...new Set(reasons)],
    blocks: [
      ...comparisonBlocks(gates),
      sidesTable({ caption: "Sides, means over the pairs", sides: result.sides, figures: FIGURES }),
      formsTable(result),
      ...latencyBlocks(result),
      ...timelineBlocks(result, placeOf),
      capacityBlock(result),
      ...failureBlocks(result),
      factsOf(result),
    ],
  };
}

/** Both layouts are judged, and one of them decides. */
function capacityFinding(gate: BenchResult["capacityGate"]): string[] {
  if (gate === null) return [];
  const { perHeadGain, pooledGain } = gate.prediction;
  const decider = gate.decidedBy === "pooled" ? "one pool for all heads" : "a pool for each head";
  return [
    `gate/capacity ${gate.verdict}, decided by ${decider}; predicted gain: a pool for ` +
    `each head ×${perHeadGain.toFixed(2)}, one pool ×${pooledGain.toFixed(2)}`,
  ];
}

function isPassed({ verdict }: { readonly verdict: string }): boolean {
  return verdict === "PASS";
}

function verdictOfResult({ readGate, capacityGate, verification }: BenchResult): ReportVerdict {
  if (verification.failures.length > 0) return { word: "WRONG KERNEL", tone: "bad" };
  const verdicts = [readGate, capacityGate].filter((gate) => gate !== null)
    .map(({ verdict }) => verdictOf(verdict));
  return verdicts.length === 0 ? NO_VERDICT : worstVerdict(verdicts);
}

/** Sides keep their colour whatever others stand beside them. */
function placeOf({ name }: SideResult): number {
  return Object.keys(SIDES).indexOf(name);
}

function latencyBlocks({ sides, requests }: BenchResult): ReportBlock[] {
  const series = (pick: (run: RunResult) => WeightedSample): SampleSeries[] =>
    sides.map((side) => {
      const samples = side.runs.map(pick);
      return {
        name: side.name,
        place: placeOf(side),
        sample: {
          values: samples.flatMap(({ values }) => values),
          weights: samples.flatMap(({ weights }) => weights),
        },
      };
    });
  return [
    distributionBlock("Time to first token", {
      metric: "TTFT",
      source:
        `From the scheduled arrival, queueing included; ${
          formatCount(requests.count)
        } requests of every ` +
        "pair.",
      missing: "No request was served, or its figures were dropped because an output was wrong.",
      series: series(({ samples }) => sampleOf(samples?.ttftMs ?? [])),
    }),
    distributionBlock("Time between tokens", {
      metric: "TBT",
      source: "Gaps between tokens of one request, each token counted once. Where a result keeps " +
        "groups of gaps, a histogram puts a group at its largest gap; the cumulative shares are " +
        "exact.",
      missing: "The result has no gaps between tokens. Run the benchmark again with this build, " +
        "and with `--timeline 512` or more where it was switched off",
      series: series(({ tokenGaps }) => ({
        values: tokenGaps?.gapMs ?? [],
        weights: tokenGaps?.tokens ?? [],
      })),
    }),
  ];
}

/** Whose kernels the sides stand for: what a verdict is about outside of this benchmark. */
function formsTable({ sides }: BenchResult): ReportBlock {
  return tableBlock({
    caption: "Kernels that the sides stand for",
    columns: tableColumns(["side", "form", "stands for", "source"]),
    rows: sides.map(({ name }) => {
      const { form } = SIDES[name];
      const { standsFor, source } = FORM_MEANINGS[form];
      return [name, form, standsFor, source];
    }),
  });
}

function failureBlocks({ sides }: BenchResult): ReportBlock[] {
  const rows = sides.flatMap(({ name, runs }) =>
    runs.flatMap(({ pair, failedRequests }) =>
      failedRequests.map(({ request, reason }) => [name, `${pair + 1}`, `${request}`, reason])
    )
  );
  if (rows.length === 0) return [];
  return [tableBlock({
    caption: "Requests that were not served",
    columns: tableColumns(["side"], ["pair", "request"], ["why"]),
    rows,
  })];
}

function factsOf(result: BenchResult): ReportBlock {
  const { workload, clock, verification, options, requests } = result;
  const used = verification.worstBudgetUsed;
  return {
    kind: "facts",
    title: "Environment",
    facts: [
      ...environmentFacts(result.environment),
      ["workload", `${workload.name}, sha256 ${workload.sha256}`],
      ["model", `${workload.model}, head map ${workload.headMapName}`],
      ["ranks", `${workload.tensorParallel}, rank ${workload.measuredRank} timed`],
      [
        "pools",
        `${formatCount(workload.pagesPerHead)} pages per head of ` +
        `${workload.pageSizeTokens} tokens, order ${options.pageOrder}`,
      ],
      ["requests", describeRequests(requests)],
      ["clock", clock.kind + (clock.reason === null ? "" : ` (${clock.reason})`)],
      ["ceilings", `${describeCeilings(clock.ceilings)}, ${clock.ceilings.source}`],
      [
        "checks",
        `${verification.checks} by ${verification.method}, ` +
        (used === null ? "none usable" : `${(used * 100).toFixed(1)} % of the error bound used`),
      ],
      ["seed", String(options.seed)],
      ["run ended", result.createdAt],
    ],
    command: result.commandLine,
  };
}
