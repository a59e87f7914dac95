/** The section of a benchmark of live servers. */

import { formatCount } from "../../fixtures/mod.ts";
import {
  describeFailures,
  failedShare,
  type LivePerformance,
  type LiveResult,
  type LiveSamples,
} from "../live/mod.ts";
import type { RunFigure } from "../statistics/mod.ts";
import { type ComparedSides, comparisonBlocks, comparisonFinding } from "./blocks_comparison.ts";
import { distributionBlock } from "./blocks_distribution.ts";
import type { SampleSeries } from "./chart_distribution.ts";
import { sampleOf } from "./distribution.ts";
import { describeRequests, environmentFacts, sidesTable } from "./figures.ts";
import {
  NO_VERDICT,
  type ReportBlock,
  type ReportSection,
  tableBlock,
  tableColumns,
  verdictOf,
} from "./section.ts";

const FIGURES: readonly (readonly [label: string, read: RunFigure<LivePerformance>])[] = [
  ["TTFT [ms], mean", ({ ttftMs }) => ttftMs?.mean],
  ["TTFT [ms], p99", ({ ttftMs }) => ttftMs?.p99],
  ["from sending, mean", ({ serviceTtftMs }) => serviceTtftMs?.mean],
  ["TBT [ms], mean", ({ tbtMs }) => tbtMs?.mean],
  ["TBT [ms], p99", ({ tbtMs }) => tbtMs?.p99],
  ["output [tokens/s]", ({ outputTokensPerSecond }) => outputTokensPerSecond],
  ["goodput [requests/s]", ({ goodputPerSecond }) => goodputPerSecond],
  ["completed", ({ completed }) => completed],
  ["failed", ({ failed }) => failed],
  ["peak in flight", ({ peakInFlight }) => peakInFlight],
];

/** Makes the section of a live result. */
export function liveSection(file: string, result: LiveResult): ReportSection {
  const { gate } = result;
  const compared: ComparedSides | null = gate === null ? null : {
    ...gate,
    sides: "endpoint against against",
    pairs: gate.pairs === 1 ? "1 pair" : `${gate.pairs} pairs`,
    control: [],
  };
  const urls = result.sides.map(({ url }) => url).join(" and ");
  return {
    file,
    title: `Live servers, requests of ${result.workload.name}`,
    verdict: gate !== null
      ? verdictOf(gate.verdict)
      : result.sides.some((side) => failedShare(side) > 0)
      ? { word: "INCOMPLETE", tone: "open" }
      : NO_VERDICT,
    findings: [
      ...(compared === null ? [`${urls}, measured without a server to judge against`] : [
        comparisonFinding(compared),
        ...(compared.verdict === "PASS" ? [] : compared.reasons),
      ]),
      ...failureFindings(result),
    ],
    blocks: [
      ...(compared === null ? [] : comparisonBlocks([compared])),
      sidesTable({
        caption: "Servers, means over the pairs",
        sides: result.sides.map(({ role, runs }) => ({ name: role, runs })),
        figures: FIGURES,
      }),
      ...latencyBlocks(result),
      ...errorBlocks(result),
      factsOf(result),
    ],
  };
}

/** How many requests of each server failed, by kind: figures without them are of fewer requests. */
function failureFindings({ sides }: LiveResult): string[] {
  return sides.flatMap(({ role, runs, warmupErrors = [] }) => {
    const found = [
      ["requests", runs.flatMap((run) => run.errors)],
      ["requests of the warm-up", warmupErrors],
    ] as const;
    return found.filter(([, errors]) => errors.length > 0).map(([what, errors]) =>
      `${role} failed ${formatCount(errors.length)} ${what}: ${describeFailures(errors)}`
    );
  });
}

function latencyBlocks({ sides, requests }: LiveResult): ReportBlock[] {
  const series = (read: (samples: LiveSamples) => readonly (number | null)[]): SampleSeries[] =>
    sides.map(({ role, runs }, place) => ({
      name: role,
      place,
      sample: sampleOf(runs.flatMap(({ samples }) => read(samples))),
    }));
  const missing = "No request was answered.";
  return [
    distributionBlock("Time to first token", {
      metric: "TTFT",
      source: `From the scheduled arrival; ${formatCount(requests.count)} requests of every pair.`,
      missing,
      series: series(({ ttftMs }) => ttftMs),
    }),
    distributionBlock("Time per output token", {
      metric: "TPOT",
      source: "The mean time between tokens of each request: a live result keeps no single gaps, " +
        "their quantiles stand in the table of servers.",
      missing,
      series: series(({ tpotMs }) => tpotMs),
    }),
  ];
}

function errorBlocks({ sides }: LiveResult): ReportBlock[] {
  const rows = sides.flatMap(({ role, runs, warmupErrors = [] }) =>
    [
      { pair: "warm-up", errors: warmupErrors },
      ...runs.map(({ pair, errors }) => ({ pair: `${pair + 1}`, errors })),
    ].flatMap(({ pair, errors }) =>
      errors.map(({ request, kind, message }) => [role, pair, `${request}`, kind, message])
    )
  );
  if (rows.length === 0) return [];
  const columns = tableColumns(["server", "pair", "request", "kind", "what happened"]);
  return [tableBlock({ caption: "Requests that failed", columns, rows })];
}

function factsOf(result: LiveResult): ReportBlock {
  const { settings, requests } = result;
  return {
    kind: "facts",
    title: "Environment",
    facts: [
      ...environmentFacts(result.environment),
      ...result.sides.map(({ role, url, model }): [string, string] => [
        role,
        `${url}, model ${model}`,
      ]),
      ["workload", `${result.workload.name}, sha256 ${result.workload.sha256}`],
      ["requests", describeRequests(requests)],
      [
        "asked through",
        `${settings.api}, prompts as ${settings.promptAs}, at most ` +
        `${formatCount(settings.maxInFlight)} at once`,
      ],
      ["seed", String(settings.seed)],
      ["run ended", result.createdAt],
    ],
    command: null,
  };
}
