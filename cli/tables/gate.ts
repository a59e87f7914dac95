import type {
  CapacityGateReport,
  CapacityOutcome,
  Comparison,
  GateReport,
  RegressionReport,
  Verdict,
} from "../../bench/mod.ts";
import { EXIT } from "../exit_code.ts";
import { type Paint, renderTable, wrapText } from "../terminal/mod.ts";
import { formatChange, formatCount, formatNumber } from "../../fixtures/mod.ts";

/** What text is laid out for. */
export interface ReportStyle {
  /** Colours. */
  readonly paint: Paint;
  /** Width in columns. */
  readonly columns: number;
}

/**
 * Gives the exit code of several verdicts: one FAIL fails, and one INCONCLUSIVE decides nothing.
 *
 * @param verdicts Verdicts of the gates that were judged.
 * @returns 0, 1 or 3; 0 without any verdict.
 *
 * @example Both must pass
 * ```ts
 * import { verdictExitCode } from "@headwise/headwise/cli";
 * import assert from "node:assert/strict";
 *
 * assert.equal(verdictExitCode(["PASS", "INCONCLUSIVE"]), 3);
 * assert.equal(verdictExitCode(["FAIL", "INCONCLUSIVE"]), 1);
 * ```
 */
export function verdictExitCode(verdicts: readonly Verdict[]): number {
  if (verdicts.includes("FAIL")) return EXIT.fail;
  return verdicts.includes("INCONCLUSIVE") ? EXIT.inconclusive : EXIT.ok;
}

/**
 * Colours a verdict.
 *
 * @param verdict The verdict.
 * @param paint Colours.
 * @returns The word, painted.
 *
 * @example Without colours
 * ```ts
 * import { createPaint, paintVerdict } from "@headwise/headwise/cli";
 * import assert from "node:assert/strict";
 *
 * assert.equal(paintVerdict("PASS", createPaint(false)), "PASS");
 * ```
 */
export function paintVerdict(verdict: Verdict, paint: Paint): string {
  const color = verdict === "PASS" ? paint.green : verdict === "FAIL" ? paint.red : paint.yellow;
  return color(paint.bold(verdict));
}

/**
 * Lays out a gate's verdict and its evidence.
 *
 * @param report The gate's report.
 * @param style Colours and width.
 * @returns Lines: the verdict, a row for each metric that something is demanded of, the control, and why it is no PASS.
 */
export function renderGate(report: GateReport, style: ReportStyle): string[] {
  const { paint, columns } = style;
  const count = report.pairs === 1 ? "1 pair" : `${report.pairs} pairs`;
  const headline = `${paintVerdict(report.verdict, paint)}  ${paint.bold(report.gate)}  ` +
    `${report.candidate} against ${report.baseline}, ${count}`;
  const demanded = report.comparisons.filter(({ threshold }) => threshold !== null);
  const table = comparisonTable(demanded, paint);
  const control = wrapText(describeControl(report), { width: columns, indent: "  " });
  const reasons = report.verdict === "PASS"
    ? []
    : report.reasons.flatMap((reason) => wrapText(reason, { width: columns, indent: "  " }));
  return [headline, ...table, ...(report.control.length === 0 ? [] : control), ...reasons];
}

/**
 * Lays out `gate/regression`: one verdict, and the metrics of each side against itself.
 *
 * @param report The gate's report.
 * @param style Colours and width.
 * @returns Lines.
 */
export function renderRegression(report: RegressionReport, style: ReportStyle): string[] {
  const { paint, columns } = style;
  const margin = formatChange(1 + report.maxRegression).replace("+", "");
  const headline = `${paintVerdict(report.verdict, paint)}  ${paint.bold(report.gate)}  ` +
    `no side worse than ${margin}`;
  const sides = report.sides.flatMap(({ candidate, verdict, comparisons }) => [
    `${paintVerdict(verdict, paint)}  ${candidate}`,
    ...comparisonTable(comparisons, paint),
  ]);
  const reasons = report.reasons.flatMap((reason) =>
    wrapText(reason, { width: columns, indent: "  " })
  );
  return [headline, ...sides, ...reasons];
}

/**
 * Lays out `gate/capacity`: the arithmetic first, then both pool layouts.
 *
 * @param report The gate's report.
 * @param style Colours and width.
 * @returns Lines.
 */
export function renderCapacityGate(report: CapacityGateReport, style: ReportStyle): string[] {
  const { paint, columns } = style;
  const { explanation, perHeadGain, pooledGain } = report.prediction;
  const headline = `${paintVerdict(report.verdict, paint)}  ${paint.bold("gate/capacity")}  ` +
    `decided by ${report.decidedBy}; predicted: a pool for each head ×${perHeadGain.toFixed(2)}, ` +
    `one pool ×${pooledGain.toFixed(2)}`;
  const layouts = [report.perHead, report.pooled].flatMap((layout) => {
    const reasons = layout.reasons.filter((reason) => reason !== explanation);
    return ["", ...renderGate({ ...layout, reasons }, style)];
  });
  const outcomes = report.outcomes.flatMap((outcome) =>
    wrapText(describeOutcome(outcome), { width: columns, indent: "  " })
  );
  return [
    headline,
    ...wrapText(explanation, { width: columns, indent: "  " }),
    ...outcomes,
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
    ? "not replayed, for nobody waited for pages"
    : `replayed ${replayedOff.toFixed(1)} → ${replayedOn.toFixed(1)} (${
      gain(replayedOff, replayedOn)
    })`;
  return `${o.layout} while pages are short: predicted ${predicted}, ${replayed}; preemptions ` +
    `${formatCount(o.preemptionsOff)} → ${formatCount(o.preemptionsOn)}`;
}

/**
 * Lays out comparisons of metrics as a table.
 *
 * @param comparisons A row each.
 * @param paint Colours.
 * @returns Lines.
 */
export function comparisonTable(comparisons: readonly Comparison[], paint: Paint): string[] {
  return renderTable(comparisons.map((each) => comparisonRow(each, paint)), {
    indent: "  ",
    columns: [
      { title: "" },
      { title: "baseline", align: "right" },
      { title: "candidate", align: "right" },
      { title: "change", align: "right" },
      { title: "95 % interval", align: "right" },
      { title: "demanded", align: "right" },
      { title: "" },
    ],
  });
}

function comparisonRow(comparison: Comparison, paint: Paint): string[] {
  const { metric, baseline, candidate, unit, ratio, interval, threshold, verdict } = comparison;
  const range = interval === null
    ? "–"
    : interval.degenerate
    ? "exact"
    : `${formatChange(interval.lower)} … ${formatChange(interval.upper)}`;
  const sign = comparison.better === "lower" ? "≤" : "≥";
  return [
    `${metric} [${unit === "output tokens/s" ? "tokens/s" : unit}]`,
    formatNumber(baseline),
    formatNumber(candidate),
    formatChange(ratio),
    range,
    threshold === null ? "" : `${sign} ${formatChange(threshold)}`,
    verdict === null ? "" : paintVerdict(verdict, paint),
  ];
}

/** What the clipped reads alone give, so that nobody takes it for the gain of the table. */
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
