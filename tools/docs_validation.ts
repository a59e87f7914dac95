/** docs/validation.md: predictions beside published measurements. */

import type { PublishedData, Validation } from "../bench/mod.ts";
import { classErrors, type MetricError, type ValidatedRow } from "../bench/mod.ts";

/** Rows that are named as the worst, for each metric. */
const WORST = 8;
/** What is wanted: medians without a fit, and with one factor fitted on one row of a group. */
const WANTED = {
  plain: { ttft: 0.25, tpot: 0.15, throughput: 0.15 },
  fitted: { ttft: 0.1, tpot: 0.05, throughput: 0.05 },
};

/** Renders the document. */
export function renderValidationDocument(
  data: PublishedData,
  validation: Validation,
  loops: readonly string[] = [],
): string {
  const { rows, fits, pairs } = validation;
  const predicted = rows.filter((row) => row.kind === "predicted");
  const left = rows.filter((row) => row.kind === "unexpressed");
  return [
    "# Predictions beside published measurements",
    "",
    "Written by `deno task validate` from `bench/validation/published/*.yaml`; anyone may add a file",
    "of measurements there. Each row's requests are drawn with its lengths and replayed without pages",
    "by the engine's own rule of admission, with the limits, memory and flags that the row states; a",
    "step's time comes from the card's profile (or from another card's, carried over by data sheets).",
    "",
    `${rows.length} measurements: ${predicted.length} predicted, ${left.length} listed at the end ` +
    "with the reason.",
    "",
    "What was fitted: per engine seven constants (milliseconds per step, microseconds per row, milliseconds",
    "a request and at the front end, slowdowns of arithmetic and of reads beside PyTorch's kernels), on",
    "the rows whose id hashes to an even number (`fitted` below; `tools/fit_overheads.ts`; those of vLLM",
    "and TensorRT-LLM are the best of values tried by hand on these rows, no finished descent). The others",
    "(`held out`) were not looked at by the fit. Nothing is fitted to a model or a card here; the section",
    "after it does that. What fp8 caches and widened weights cost beside their bytes was set by the pairs",
    "below, held-out rows among them.",
    "",
    "What a row's flags say acts, changes no time, or is a reason to list the row; vLLM schedules beside",
    "the step before since 0.14 without being asked to. Pipeline stages hold a step each. Requests that",
    "are sent at once reach the engine together, when the front end has taken in the last of them: it is",
    "one event loop, and hands no token out meanwhile.",
    "",
    "## Errors by class, without a fit to model or card",
    "",
    "Median and 90th percentile of |predicted / measured − 1|, the median signed error as bias, number",
    "of figures.",
    "",
    ...classTable(rows),
    "",
    ...wantedLines(validation),
    "",
    "## One factor on all kernels, fitted on one row of a model, card and engine",
    "",
    "The row is the group's first by a seeded order; the figures are of its other rows.",
    "",
    ...fitTable(fits),
    "",
    "## Pairs that differ in one thing",
    "",
    ...pairTable(pairs),
    "",
    ...loops,
    "## Worst rows",
    "",
    ...(["ttft", "tpot", "throughput"] as const).flatMap((metric) => worstOf(rows, metric)),
    "",
    "## Assumptions",
    "",
    ...data.assumptions.map(({ prefix, flags, cached_prompts: cached, reason }) =>
      `- \`${prefix}…\`: ${
        flags === undefined ? `its first ${cached} prompts are cached` : `\`${flags.trim()}\``
      }: ${reason}`
    ),
    "",
    "## All rows",
    "",
    "TTFT and TPOT in milliseconds, throughput in output tokens per second: predicted / measured.",
    "",
    "| row | card | engine | split | TTFT | TPOT | throughput |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...predicted.map(rowLine),
    "",
    "## Rows that are not expressed",
    "",
    ...left.map((row) =>
      row.kind === "unexpressed" ? `- ${row.place}: \`${row.row.id}\`: ${row.reason}` : ""
    ),
    "",
  ].join("\n");
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

function classTable(rows: readonly ValidatedRow[]): string[] {
  const lines = ["| class | TTFT | TPOT | throughput |", "| --- | --- | --- | --- |"];
  for (const [name, metrics] of classErrors(rows)) {
    const cells = (["ttft", "tpot", "throughput"] as const).map((metric) => {
      const found = metrics[metric];
      if (found === undefined) return "–";
      const bias = `${found.bias < 0 ? "−" : "+"}${percent(Math.abs(found.bias))}`;
      return `${percent(found.median)}, ${percent(found.p90)} (${bias}, n ${found.count})`;
    });
    lines.push(`| ${name} | ${cells.join(" | ")} |`);
  }
  return lines;
}

function medianOf(errors: readonly MetricError[], metric: string): number | null {
  const sizes = errors.filter((error) => error.metric === metric)
    .map(({ error }) => Math.abs(error)).sort((a, b) => a - b);
  return sizes.length === 0 ? null : sizes[Math.floor(sizes.length / 2)];
}

/** The share of figures within a bound. */
function within(errors: readonly MetricError[], metric: string, bound: number): number | null {
  const found = errors.filter((error) => error.metric === metric);
  if (found.length === 0) return null;
  return found.filter(({ error }) => Math.abs(error) <= bound).length / found.length;
}

function wantedLines({ rows, fits }: Validation): string[] {
  const plain = rows.flatMap((row) =>
    row.kind === "predicted" && row.classes.card.endsWith("(profile)") ? row.errors : []
  );
  const fitted = fits.flatMap(({ errors }) => errors);
  const line = (errors: readonly MetricError[], wanted: typeof WANTED.plain): string =>
    (["ttft", "tpot", "throughput"] as const).map((metric) => {
      const median = medianOf(errors, metric);
      if (median === null) return `${metric} –`;
      const mark = median <= wanted[metric] ? "reached" : "missed";
      return `${metric} ${percent(median)} (wanted ${percent(wanted[metric])}: ${mark})`;
    }).join(", ");
  const ninths = { ttft: 0.25, tpot: 0.15, throughput: 0.15 } as const;
  const shares = (["ttft", "tpot", "throughput"] as const).map((metric) => {
    const share = within(fitted, metric, ninths[metric]);
    return share === null
      ? `${metric} –`
      : `${metric} ${percent(share)} within ${percent(ninths[metric])}`;
  }).join(", ");
  return [
    "Against what is wanted:",
    "",
    `- cards with a profile, no fit, medians: ${line(plain, WANTED.plain)}`,
    `- one factor fitted on one row of the group, other rows, medians: ${
      line(fitted, WANTED.fitted)
    }`,
    `- the same, share of figures (nine in ten are wanted): ${shares}`,
  ];
}

function fitTable(fits: Validation["fits"]): string[] {
  const lines = [
    "| group | factor | fitted on | TTFT | TPOT | throughput | figures |",
    "| --- | --- | --- | --- | --- | --- | --- |",
  ];
  for (const { group, anchor, factor, errors } of fits) {
    const cells = ["ttft", "tpot", "throughput"].map((metric) => {
      const median = medianOf(errors, metric);
      return median === null ? "–" : percent(median);
    });
    lines.push(
      `| ${group} | ${factor.toFixed(2)} | ${anchor} | ${cells.join(" | ")} | ${errors.length} |`,
    );
  }
  return lines;
}

function pairTable(pairs: Validation["pairs"]): string[] {
  const signed = (share: number): string => `${share < 0 ? "−" : "+"}${percent(Math.abs(share))}`;
  const right = pairs.filter(({ measured, predicted }) =>
    Math.sign(measured) === Math.sign(predicted) || Math.abs(measured - predicted) <= 0.01
  );
  const near = pairs.filter(({ measured, predicted }) => Math.abs(measured - predicted) <= 0.03);
  return [
    `Change of throughput. The sign is right in ${right.length} of ${pairs.length}, the size within ` +
    `three points in ${near.length}.`,
    "",
    "| what | row | measured | predicted |",
    "| --- | --- | --- | --- |",
    ...pairs.map(({ name, row, measured, predicted }) =>
      `| ${name} | ${row} | ${signed(measured)} | ${signed(predicted)} |`
    ),
  ];
}

function worstOf(rows: readonly ValidatedRow[], metric: MetricError["metric"]): string[] {
  const errors = rows.flatMap((row) => row.kind === "predicted" ? row.errors : [])
    .filter((error) => error.metric === metric)
    .sort((a, b) => Math.abs(Math.log1p(b.error)) - Math.abs(Math.log1p(a.error)));
  return [
    `${metric}:`,
    "",
    ...errors.slice(0, WORST).map(({ id, predicted, measured }) =>
      `- \`${id}\`: ${predicted.toPrecision(4)} predicted, ${measured.toPrecision(4)} measured`
    ),
    "",
  ];
}

function rowLine(one: ValidatedRow): string {
  if (one.kind !== "predicted") return "";
  const cell = (metric: MetricError["metric"]): string => {
    const found = one.errors.find((error) => error.metric === metric);
    return found === undefined
      ? "–"
      : `${found.predicted.toPrecision(4)} / ${found.measured.toPrecision(4)}`;
  };
  const { row, classes, split } = one;
  return `| ${row.id} | ${classes.card} | ${classes.engine} | ${split} | ${cell("ttft")} | ` +
    `${cell("tpot")} | ${cell("throughput")} |`;
}
