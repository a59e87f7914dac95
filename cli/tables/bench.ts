import {
  type BenchResult,
  type ClockCalibration,
  describeRequests,
  meanOverRuns,
  type RunFigure,
  type SideResult,
} from "../../bench/mod.ts";
import {
  describeClockAndCard,
  describeOutcomeOfGates,
  renderCapacityGate,
  renderGate,
} from "./gate.ts";
import { type Column, indented, renderTable, type ReportStyle, wrapText } from "../terminal/mod.ts";
import { formatCount, formatNumber, formatRate } from "../../fixtures/mod.ts";

/** A row of the table of sides: what it is called, and how it is read off a run and written. */
interface Row {
  readonly group: string;
  readonly label: string;
  readonly read: RunFigure;
  readonly write: (value: number | null) => string;
}

const QUANTILES = ["mean", "p50", "p90", "p95", "p99"] as const;
/** More sides than this stand in two tables, for the width of a line. */
const SIDES_IN_TABLE = 4;
const SHOWN_FAILURES = 3;

/** Formulas that explain the table, in its own words; the result file has all of them. */
const SHOWN_FORMULAS: Readonly<Record<string, string>> = {
  ttftMs: "TTFT",
  queueMs: "queueing",
  tbtMs: "TBT",
  tpotMs: "TPOT",
  attentionOnly: "attention",
  percentiles: "percentiles",
};

/**
 * Lays out a benchmark result: verdicts, a table of the sides, what the figures mean, which clock
 * they come from, and what was checked.
 */
export function renderBenchResult(result: BenchResult, style: ReportStyle): string[] {
  const outcome = describeOutcomeOfGates(result);
  const gates = [
    ...(result.readGate === null
      ? []
      : [renderGate(result.readGate, style, describeClockAndCard(result, "read"))]),
    ...(result.capacityGate === null ? [] : [
      renderCapacityGate(result.capacityGate, style, describeClockAndCard(result, "capacity")),
    ]),
  ];
  const inTable = result.sides.length > SIDES_IN_TABLE ? 3 : SIDES_IN_TABLE;
  const tables: string[] = [];
  for (let first = 0; first < result.sides.length; first += inTable) {
    tables.push(...renderSides(result.sides.slice(first, first + inTable), style), "");
  }
  const [headline, ...rest] = gates.flatMap((lines) => [...lines, ""]);
  return [
    ...(headline === undefined ? [] : [headline]),
    ...(outcome === null ? [] : indented(style, outcome)),
    ...rest,
    ...tables,
    ...renderFailures(result, style),
    ...renderFacts(result, style),
  ];
}

function renderSides(sides: readonly SideResult[], style: ReportStyle): string[] {
  const columns: Column[] = [
    { title: "" },
    { title: "" },
    ...sides.map(({ name }) => ({ title: style.paint.bold(name), align: "right" as const })),
  ];
  const rows = sideRows().map(({ group, label, read, write }) => [
    group,
    label,
    ...sides.map((side) => write(meanOverRuns(side.runs, read))),
  ]);
  return renderTable(rows, { columns });
}

function sideRows(): Row[] {
  const latency = (
    group: string,
    label: string,
    read: RunFigure,
  ): Row => ({ group, label, read, write: formatNumber });
  const count = (label: string, read: RunFigure): Row => ({
    group: "",
    label,
    read,
    write: formatCount,
  });
  return [
    ...QUANTILES.map((quantile, index) =>
      latency(index === 0 ? "TTFT [ms]" : "", quantile, ({ whole }) => whole.ttftMs?.[quantile])
    ),
    latency("", "attention, mean", ({ attentionOnly }) => attentionOnly.ttftMs?.mean),
    latency("", "queueing, mean", ({ queueMs }) => queueMs?.mean),
    latency("", "without it, mean", ({ ttftWithoutQueueMs }) => ttftWithoutQueueMs?.mean),
    ...QUANTILES.map((quantile, index) =>
      latency(index === 0 ? "TBT [ms]" : "", quantile, ({ whole }) => whole.tbtMs?.[quantile])
    ),
    latency("", "attention, mean", ({ attentionOnly }) => attentionOnly.tbtMs?.mean),
    latency("TPOT [ms]", "mean", ({ tpotMs }) => tpotMs?.mean),
    latency("throughput", "output tokens/s", ({ outputTokensPerSecond }) => outputTokensPerSecond),
    latency("", "requests/s", ({ requestsPerSecond }) => requestsPerSecond),
    latency("", "concurrency, mean", ({ meanConcurrency }) => meanConcurrency),
    count("preemptions", ({ preemptions }) => preemptions),
    count("steps", ({ steps }) => steps),
  ];
}

function renderFailures(result: BenchResult, style: ReportStyle): string[] {
  const lines: string[] = [];
  for (const side of result.sides) {
    const failed = side.runs[0]?.failedRequests ?? [];
    if (failed.length === 0) continue;
    lines.push(style.paint.red(`${failed.length} requests failed on ${side.name}:`));
    const shown = failed.slice(0, SHOWN_FAILURES);
    lines.push(...indented(style, ...shown.map((o) => `request ${o.request}: ${o.reason}`)));
    if (failed.length > SHOWN_FAILURES) {
      lines.push(`  and ${failed.length - SHOWN_FAILURES} more in the result file`);
    }
  }
  return lines.length === 0 ? [] : [...lines, ""];
}

function renderFacts(result: BenchResult, style: ReportStyle): string[] {
  const facts: [string, string][] = [
    ["workload", describeWorkload(result)],
    ["requests", describeRequests(result.requests)],
    ["clock", describeClock(result)],
    ["checks", describeChecks(result)],
    ...Object.entries(SHOWN_FORMULAS).flatMap(([key, name]): [string, string][] => {
      const formula = result.formulas[key];
      return formula === undefined ? [] : [[name, formula]];
    }),
  ];
  const width = Math.max(...facts.map(([name]) => name.length)) + 2;
  return facts.flatMap(([name, text]) => {
    const lines = wrapText(text, { width: style.columns, indent: " ".repeat(width) });
    return [style.paint.dim(name.padEnd(width)) + lines[0]!.slice(width), ...lines.slice(1)];
  });
}

function describeWorkload({ workload, options }: BenchResult): string {
  const ranks = workload.tensorParallel === 1
    ? ""
    : `, rank ${workload.measuredRank} of ${workload.tensorParallel}`;
  return `${workload.name}: ${workload.model}, head map ${workload.headMapName}${ranks}, ` +
    `${workload.pagesPerHead} pages of ${workload.pageSizeTokens} tokens per head, ` +
    `${options.pageOrder} (seed ${options.seed})`;
}

function describeClock({ clock, environment }: BenchResult): string {
  const { memoryBytesPerSecond, flopsPerSecond, source, note } = clock.ceilings;
  const why = clock.reason === null ? "" : ` (${clock.reason})`;
  const what = {
    gpu: `gpu, attention timed on ${environment.adapter}, ${clock.layersMeasured} layers measured`,
    adapter: describeAdapter(clock),
    table: describeTable(clock),
    model: clock.calibration === undefined
      ? `model, attention computed from bytes and operations${why}`
      : `model${why}`,
  }[clock.kind];
  if (clock.calibration !== undefined) return `${what}; ${describeCalibration(clock.calibration)}`;
  return `${what}; the rest of a layer computed; ceilings ` +
    `${formatRate(memoryBytesPerSecond, "B")} and ${
      formatRate(flopsPerSecond, "FLOP")
    }, ${source} ` +
    `(${note})`;
}

function describeCalibration(calibration: ClockCalibration): string {
  const { card, basis, profileOf, measuredAt, fittedTo, error } = calibration;
  const whose = basis === "measured"
    ? `the profile of ${card} (measured ${measuredAt.slice(0, 10)})`
    : `the profile of ${profileOf}, carried over to ${card} by data sheets`;
  const fit = fittedTo === null ? "" : `, fitted to ${fittedTo}`;
  const percent = (share: number): string => `±${Math.round(share * 100)} %`;
  return `what is not timed comes from ${whose}${fit}; nine in ten of ${error.class} are within TTFT ` +
    `${percent(error.ttft)}, TPOT ${percent(error.tpot)}, throughput ${
      percent(error.throughput)
    } in ratio`;
}

function describeAdapter({ adapter, layersMeasured }: BenchResult["clock"]): string {
  if (adapter === undefined) return "adapter";
  const kernels = [...new Set(Object.values(adapter.kernels))].join("; ");
  const judged = Object.entries(adapter.arithmetic).map(([name, value]) => `${name} ${value}`);
  return `adapter, ${kernels} timed on ${adapter.card}, ${layersMeasured} layers measured, judged by ` +
    (judged.length === 0 ? "float32 throughout" : judged.join(", "));
}

function describeTable({ table }: BenchResult["clock"]): string {
  if (table === undefined) return "table";
  const { leaveOutErrorPercent: error, rows, rowsLeftOut, card } = table;
  const known = error === null
    ? "its interpolation cannot be checked"
    : `${rowsLeftOut} of ${rows} left out and interpolated within ${
      error.median.toFixed(1)
    } % in ` +
      `the median, ${error.p90.toFixed(1)} % for nine in ten`;
  return `table, attention from ${table.name}${card === null ? "" : ` (${card})`}, ${known}`;
}

function describeChecks({ verification }: BenchResult): string {
  const against = verification.method === "oracle" ? "two oracles agree" : "kernel against oracle";
  if (verification.failures.length > 0) {
    const [first] = verification.failures;
    return `${verification.failures.length} of ${verification.checks} FAILED (${against}): ${first}`;
  }
  const used = verification.worstBudgetUsed;
  const budget = used === null ? "" : `, ${describeBudget(used)} of the error bound used`;
  return `${verification.checks} passed (${against})${budget}`;
}

/**
 * Says how much of an error bound was used.
 *
 * @param share Largest share seen; 1 is the bound.
 * @returns Words for the middle of a sentence.
 */
export function describeBudget(share: number): string {
  return share < 0.001 ? "less than 0.1 %" : `at most ${(share * 100).toFixed(1)} %`;
}
