import {
  type Comparison,
  describeFailures,
  type LiveError,
  type LivePerformance,
  type LiveResult,
  type LiveSide,
  meanOverRuns,
  type RunFigure,
} from "../../bench/mod.ts";
import { paintVerdict } from "./gate.ts";
import {
  figures,
  indented,
  labels,
  renderTable,
  type ReportStyle,
  wrapText,
} from "../terminal/mod.ts";
import { formatChange, formatCount, formatNumber } from "../../fixtures/mod.ts";

type Row = readonly [
  label: string,
  read: RunFigure<LivePerformance>,
  write: (value: number | null) => string,
];

const ROWS: readonly Row[] = [
  ["TTFT [ms], mean", ({ ttftMs }) => ttftMs?.mean, formatNumber],
  ["p50", ({ ttftMs }) => ttftMs?.p50, formatNumber],
  ["p99", ({ ttftMs }) => ttftMs?.p99, formatNumber],
  ["from sending, mean", ({ serviceTtftMs }) => serviceTtftMs?.mean, formatNumber],
  ["client queue [ms], mean", ({ clientQueueMs }) => clientQueueMs?.mean, formatNumber],
  ["TBT [ms], mean", ({ tbtMs }) => tbtMs?.mean, formatNumber],
  ["p99", ({ tbtMs }) => tbtMs?.p99, formatNumber],
  ["chunk gap [ms], mean", ({ chunkGapMs }) => chunkGapMs?.mean, formatNumber],
  ["end to end [ms], mean", ({ endToEndMs }) => endToEndMs?.mean, formatNumber],
  ["output [tokens/s]", ({ outputTokensPerSecond }) => outputTokensPerSecond, formatNumber],
  ["goodput [requests/s]", ({ goodputPerSecond }) => goodputPerSecond, formatNumber],
  ["prompt tokens, counted / asked", tokenShare("promptTokens"), formatNumber],
  ["output tokens, counted / asked", tokenShare("outputTokens"), formatNumber],
  ["peak in flight", ({ peakInFlight }) => peakInFlight, formatCount],
];

const SHOWN_ERRORS = 5;

/** Lays out a live result: the verdict, a table of the servers, and the requests that failed. */
export function renderLiveResult(result: LiveResult, style: ReportStyle): string[] {
  const { paint, columns } = style;
  const table = renderTable(
    [
      ...ROWS.map(([label, read, write]) => [
        label,
        ...result.sides.map((side) => write(meanOverRuns(side.runs, read))),
      ]),
      ["completed", ...result.sides.map((side) => formatCount(total(side, "completed")))],
      ["failed", ...result.sides.map((side) => formatCount(total(side, "failed")))],
    ],
    {
      columns: [...labels(""), ...figures(...result.sides.map(({ role }) => paint.bold(role)))],
    },
  );
  const wrap = (text: string): string[] => wrapText(text, { width: columns });
  return [
    ...renderGate(result, style),
    ...table,
    "",
    ...result.sides.flatMap(renderErrors),
    ...result.sides.map(({ role, url, model, runs }) =>
      `${role}: ${url}, model '${model}', ${runs.length} runs of ${result.requests.count} requests`
    ),
    ...["ttftMs", "tbtMs", "promptTokens"].flatMap((name) =>
      wrap(`${name}: ${result.formulas[name]}`)
    ),
  ];
}

function renderGate({ gate }: LiveResult, { paint, columns }: ReportStyle): string[] {
  if (gate === null) return [];
  const changes = gate.comparisons.filter(isShown).map(describe);
  const reasons = gate.verdict === "PASS" ? [] : gate.reasons;
  return [
    `${paintVerdict(gate.verdict, paint)}  ${paint.bold(gate.gate)}  endpoint against against, ` +
    `${gate.pairs} pairs`,
    ...indented({ columns }, ...changes, ...reasons),
    "",
  ];
}

/** What must improve is always shown, what may not become worse only where it did not hold. */
function isShown({ better, threshold, verdict }: Comparison): boolean {
  if (threshold === null) return false;
  return verdict !== "PASS" || (better === "lower" ? threshold < 1 : threshold > 1);
}

function describe({ metric, ratio, interval, threshold, better }: Comparison): string {
  const range = interval === null
    ? "no interval"
    : `${formatChange(interval.lower)} … ${formatChange(interval.upper)}`;
  return `${metric}: ${formatChange(ratio)} (${range}), demanded ${
    better === "lower" ? "≤" : "≥"
  } ` +
    formatChange(threshold);
}

function renderErrors({ role, runs, warmupErrors = [] }: LiveSide): string[] {
  const inRuns = runs.flatMap(({ pair, errors }) =>
    errors.map((error) => ({ when: `pair ${pair + 1}`, ...error }))
  );
  const inWarmup = warmupErrors.map((error) => ({ when: "warm-up", ...error }));
  return [
    ...listErrors(`${role} failed`, "requests", inRuns),
    ...listErrors(`${role} failed`, "requests of the warm-up", inWarmup),
  ];
}

function listErrors(
  who: string,
  what: string,
  errors: readonly (LiveError & { readonly when: string })[],
): string[] {
  if (errors.length === 0) return [];
  const shown = errors.slice(0, SHOWN_ERRORS).map(({ when, request, kind, message }) =>
    `  ${when}, request ${request}: ${kind}: ${message}`
  );
  const rest = errors.length - shown.length;
  return [
    `${who} ${errors.length} ${what}: ${describeFailures(errors)}`,
    ...shown,
    ...(rest > 0 ? [`  and ${rest} more, all in the result`] : []),
  ];
}

function tokenShare(key: "promptTokens" | "outputTokens"): Row[1] {
  return (performance) => {
    const { asked, counted } = performance[key];
    return counted === null || asked === 0 ? null : counted / asked;
  };
}

function total({ runs }: LiveSide, key: "completed" | "failed"): number {
  return runs.reduce((sum, { performance }) => sum + performance[key], 0);
}
