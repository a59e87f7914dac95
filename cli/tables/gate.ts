import {
  type BenchResult,
  type CapacityGateReport,
  type CapacityOutcome,
  type ClockCalibration,
  type Comparison,
  comparisonCells,
  type GateReport,
  type RegressionReport,
  type SideName,
  type Verdict,
} from "../../bench/mod.ts";
import { EXIT } from "../exit_code.ts";
import {
  figures,
  indented,
  labels,
  type Paint,
  renderTable,
  type ReportStyle,
} from "../terminal/mod.ts";
import { formatChange, formatCount } from "../../fixtures/mod.ts";

/**
 * Gives the exit code of several verdicts: one FAIL fails, and one INCONCLUSIVE decides nothing.
 *
 * @param verdicts Verdicts of the gates that were judged.
 * @returns 0, 1 or 3; 0 without any verdict.
 */
export function verdictExitCode(verdicts: readonly Verdict[]): number {
  if (verdicts.includes("FAIL")) return EXIT.fail;
  return verdicts.includes("INCONCLUSIVE") ? EXIT.inconclusive : EXIT.ok;
}

/** Colours a verdict. */
export function paintVerdict(verdict: Verdict, paint: Paint): string {
  const color = verdict === "PASS" ? paint.green : verdict === "FAIL" ? paint.red : paint.yellow;
  return color(paint.bold(verdict));
}

/**
 * Lays out a gate's verdict and its evidence.
 *
 * @param clock Clock and card in words, for the first line; left out where they stand above it.
 * @returns Lines: the verdict with its clock and pair, a row for each metric that something is
 * demanded of, the control, the other pairs, and why it is no PASS.
 */
export function renderGate(
  report: GateReport,
  style: ReportStyle,
  clock: string | null = null,
): string[] {
  const { paint } = style;
  const count = report.pairs === 1 ? "1 pair" : `${report.pairs} pairs`;
  const headline = `${paintVerdict(report.verdict, paint)}  ${paint.bold(report.gate)}  ` +
    `${describePair(report)}, ${clock === null ? "" : `${clock}, `}${count}`;
  const demanded = report.comparisons.filter(({ threshold }) => threshold !== null);
  const table = comparisonTable(demanded, paint);
  return [
    headline,
    ...table,
    ...(report.control.length === 0 ? [] : indented(style, describeControl(report))),
    ...renderOthers(report, paint),
    ...(report.verdict === "PASS" ? [] : indented(style, ...report.reasons)),
  ];
}

/** The kernel forms of a read gate's sides, and the sides themselves of another. */
function describePair({ gate, candidate, baseline }: GateReport): string {
  if (gate !== "gate/read") return `${candidate} against ${baseline}`;
  return `${formOf(candidate)} against ${formOf(baseline)}`;
}

/** What a side is called after the kernel that it stands for, where that has another name. */
function formOf(side: SideName): string {
  return side === "uniform" ? "row" : side === "uniform-clipped" ? "clipped" : side;
}

/** Pairs of the other kernel forms, a line each. */
function renderOthers({ others = [] }: GateReport, paint: Paint): string[] {
  if (others.length === 0) return [];
  const names = others[0].comparisons.slice(0, SHOWN_METRICS).map(({ metric }) => metric);
  const rows = others.map(({ baseline, candidate, comparisons }) => [
    `${formOf(candidate)} against ${formOf(baseline)}`,
    ...comparisons.slice(0, SHOWN_METRICS).map(({ ratio }) => formatChange(ratio)),
  ]);
  return renderTable(rows, {
    indent: "  ",
    columns: [...labels(paint.dim("other pairs")), ...figures(...names)],
  });
}

/** Metrics of whole steps: those of attention alone stand in the result. */
const SHOWN_METRICS = 2;

/**
 * What a run comes to, in one sentence: what reading gains against which kernel, how much of it is
 * left beyond clipped reads, and what recycling gains in capacity.
 *
 * @param result Both gates; null where one was not judged.
 * @returns The sentence, or null where neither was.
 */
export function describeOutcomeOfGates(
  result: Pick<BenchResult, "readGate" | "capacityGate">,
): string | null {
  const { readGate, capacityGate } = result;
  const parts: string[] = [];
  if (readGate !== null) {
    const [ttft, tbt] = readGate.comparisons;
    parts.push(
      `reads: ${formatChange(ttft.ratio)} TTFT, ${formatChange(tbt.ratio)} TBT against ` +
        `\`${formOf(readGate.baseline)}\``,
    );
    const beyond = readGate.control.slice(0, SHOWN_METRICS).map(({ ratio }, index) => {
      const own = readGate.comparisons[index].ratio;
      return ratio === null || own === null ? null : own / ratio;
    });
    if (beyond.length > 0) {
      const isNothing = beyond.every((ratio) => ratio !== null && Math.abs(ratio - 1) < 0.01);
      parts.push(
        isNothing
          ? "nothing beyond clipping"
          : `${beyond.map((ratio) => formatChange(ratio)).join(" and ")} beyond clipping`,
      );
    }
  }
  if (capacityGate !== null) {
    const gain = (layout: "headwise" | "pooled"): string | null => {
      const outcome = capacityGate.outcomes.find((each) => each.layout === layout);
      const { replayedOff = null, replayedOn = null } = outcome ?? {};
      return replayedOff === null || replayedOn === null
        ? null
        : `×${(replayedOn / replayedOff).toFixed(1)}`;
    };
    const [pooled, perHead] = [gain("pooled"), gain("headwise")];
    parts.push(
      pooled === null && perHead === null
        ? "capacity not tried, for no request waited for pages"
        : `capacity ${pooled ?? "unknown"} with one pool, ${
          perHead ?? "unknown"
        } with a pool per head`,
    );
  }
  return parts.length === 0 ? null : parts.join("; ").replaceAll(" %", "\u00a0%");
}

/**
 * Names the clock of a result, the card that its times are of, and the error of what is modelled: the
 * larger one of the metrics that the gate judges.
 *
 * @returns As `gpu clock on NVIDIA H200, no profile of it behind the rest`, or `model clock, no card`.
 */
export function describeClockAndCard(
  { clock, environment }: BenchResult,
  gate: "read" | "capacity",
): string {
  const { calibration } = clock;
  const errorOf = ({ ttft, tpot, throughput }: ClockCalibration["error"]): number =>
    gate === "read" ? Math.max(ttft, tpot) : throughput;
  const profile = calibration === undefined
    ? null
    : `${calibration.card}'s profile${calibration.basis === "scaled" ? ", carried over," : ""} ` +
      `±${Math.round(errorOf(calibration.error) * 100)} % model`;
  if (clock.kind === "model") {
    return profile === null ? "model clock, no card" : `model clock on ${profile}`;
  }
  return `${clock.kind} clock on ${describeTimedCard(clock, environment.adapter)}, ` +
    (profile === null ? "no profile of it behind the rest" : `the rest on ${profile}`);
}

/** The card that attention was timed on; of a file of times, how well it interpolates too. */
function describeTimedCard(clock: BenchResult["clock"], adapter: string | null): string {
  const unnamed = "an unnamed card";
  if (clock.table === undefined) return adapter ?? unnamed;
  const { card, leaveOutErrorPercent: error } = clock.table;
  const known = error === null
    ? "interpolation unchecked"
    : `±${error.p90.toFixed(1)} % interpolated`;
  return `${card ?? unnamed}, ${known}`;
}

/** Lays out `gate/regression`: one verdict, and the metrics of each side against itself. */
export function renderRegression(report: RegressionReport, style: ReportStyle): string[] {
  const { paint } = style;
  const margin = formatChange(1 + report.maxRegression).replace("+", "");
  const headline = `${paintVerdict(report.verdict, paint)}  ${paint.bold(report.gate)}  ` +
    `no side worse than ${margin}`;
  const sides = report.sides.flatMap(({ candidate, verdict, comparisons }) => [
    `${paintVerdict(verdict, paint)}  ${candidate}`,
    ...comparisonTable(comparisons, paint),
  ]);
  return [headline, ...sides, ...indented(style, ...report.reasons)];
}

/** Lays out `gate/capacity`: the arithmetic first, then both pool layouts. */
export function renderCapacityGate(
  report: CapacityGateReport,
  style: ReportStyle,
  clock: string | null = null,
): string[] {
  const { paint } = style;
  const { explanation, perHeadGain, pooledGain } = report.prediction;
  const headline = `${paintVerdict(report.verdict, paint)}  ${paint.bold("gate/capacity")}  ` +
    `decided by ${report.decidedBy}${clock === null ? "" : `, ${clock}`}`;
  const predicted = `predicted: a pool for each head ×${perHeadGain.toFixed(2)}, one pool ` +
    `×${pooledGain.toFixed(2)}`;
  const layouts = [report.perHead, report.pooled].flatMap((layout) => {
    const reasons = layout.reasons.filter((reason) => reason !== explanation);
    return ["", ...renderGate({ ...layout, reasons }, style)];
  });
  return [
    headline,
    `  ${predicted}`,
    ...indented(style, explanation, ...report.outcomes.map(describeOutcome)),
    ...layouts,
  ];
}

/** Concurrency while pages are short, by arithmetic and as replayed. */
function describeOutcome(o: CapacityOutcome): string {
  const gain = (off: number, on: number): string => `×${(on / off).toFixed(2)}`;
  const { predictedOff, predictedOn, replayedOff, replayedOn } = o;
  const predicted = `${predictedOff.concurrency.toFixed(1)} → ` +
    `${predictedOn.concurrency.toFixed(1)} requests ` +
    `(${gain(predictedOff.concurrency, predictedOn.concurrency)})`;
  const replayed = replayedOff === null || replayedOn === null
    ? "not replayed, for no request waited for pages"
    : `replayed ${replayedOff.toFixed(1)} → ${replayedOn.toFixed(1)} (${
      gain(replayedOff, replayedOn)
    })`;
  return `${o.layout} while pages are short: predicted ${predicted}, ${replayed}; preemptions ` +
    `${formatCount(o.preemptionsOff)} → ${formatCount(o.preemptionsOn)}`;
}

/** Lays out comparisons of metrics as a table. */
export function comparisonTable(comparisons: readonly Comparison[], paint: Paint): string[] {
  return renderTable(comparisons.map((each) => comparisonRow(each, paint)), {
    indent: "  ",
    columns: [
      ...labels(""),
      ...figures("baseline", "candidate", "change", "95 % interval", "demanded"),
      ...labels(""),
    ],
  });
}

function comparisonRow(comparison: Comparison, paint: Paint): string[] {
  const { metric, unit, verdict } = comparison;
  return [
    `${metric} [${unit === "output tokens/s" ? "tokens/s" : unit}]`,
    ...comparisonCells(comparison),
    verdict === null ? "" : paintVerdict(verdict, paint),
  ];
}

/** What the clipped reads alone give, so that no one takes it for the gain of the table. */
function describeControl({ comparisons, control, baseline, candidate }: GateReport): string {
  const alone: string[] = [];
  const beyond: string[] = [];
  for (const { metric, ratio, threshold } of comparisons) {
    const same = control.find((each) => each.metric === metric);
    if (threshold === null || same === undefined) continue;
    alone.push(`${metric} ${formatChange(same.ratio)}`);
    beyond.push(formatChange(ratio === null || same.ratio === null ? null : ratio / same.ratio));
  }
  const text = `control, ${baseline} with clipped reads: ${alone.join(", ")}; ` +
    `${candidate} beyond that: ${beyond.join(", ")}`;
  // A figure and its sign stay on one line.
  return text.replaceAll(" %", "\u00a0%");
}
