/** Figures of `docs/validation.md`: predictions beside published measurements. */

import {
  classErrors,
  type MetricError,
  type PublishedData,
  type ValidatedRow,
  type Validation,
} from "../bench/mod.ts";
import { type PageSections, percent, signedPercent } from "./docs_page.ts";

const METRICS = ["ttft", "tpot", "throughput"] as const;

/** Rows that are named as the worst, for each metric. */
const WORST = 8;
/** What is wanted: medians without a fit, and with one factor fitted on one row of a group. */
const WANTED = {
  plain: { ttft: 0.25, tpot: 0.15, throughput: 0.15 },
  fitted: { ttft: 0.1, tpot: 0.05, throughput: 0.05 },
};

/** Lays out everything that is predicted; the section of loops is `model_loop.ts`'s. */
export function validationSections(data: PublishedData, validation: Validation): PageSections {
  const { rows, fits, pairs } = validation;
  const predicted = rows.filter((row) => row.kind === "predicted");
  const left = rows.filter((row) => row.kind === "unexpressed");
  return {
    count: [
      `${rows.length} measurements: ${predicted.length} predicted, ${left.length} listed at the end ` +
      "with the reason.",
    ],
    classes: classTable(rows),
    wanted: wantedLines(validation),
    fits: fitTable(fits),
    pairs: pairTable(pairs),
    worst: METRICS.flatMap((metric) => worstOf(rows, metric)).slice(0, -1),
    assumptions: data.assumptions.map(({ prefix, flags, cached_prompts: cached, reason }) =>
      `- \`${prefix}…\`: ${
        flags === undefined ? `its first ${cached} prompts are cached` : `\`${flags.trim()}\``
      }: ${reason}`
    ),
    rows: table(
      ["row", "card", "engine", "split", "TTFT", "TPOT", "throughput"],
      predicted.map(rowCells),
    ),
    unexpressed: left.map(({ place, row, reason }) => `- ${place}: \`${row.id}\`: ${reason}`),
  };
}

/** A table of hundreds of rows, whose widths would change with any of them. */
export function table(
  titles: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string[] {
  return [titles, titles.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}

function classTable(rows: readonly ValidatedRow[]): string[] {
  const cells = [...classErrors(rows)].map(([name, metrics]) => [
    name,
    ...METRICS.map((metric) => {
      const found = metrics[metric];
      if (found === undefined) return "–";
      const { median, p90, bias, count } = found;
      return `${percent(median)}, ${percent(p90)} (${signedPercent(bias)}, n ${count})`;
    }),
  ]);
  return table(["class", "TTFT", "TPOT", "throughput"], cells);
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
    METRICS.map((metric) => {
      const median = medianOf(errors, metric);
      if (median === null) return `${metric} –`;
      const mark = median <= wanted[metric] ? "reached" : "missed";
      return `${metric} ${percent(median)} (wanted ${percent(wanted[metric])}: ${mark})`;
    }).join(", ");
  const ninths = { ttft: 0.25, tpot: 0.15, throughput: 0.15 } as const;
  const shares = METRICS.map((metric) => {
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
  const rows = fits.map(({ group, anchor, factor, errors }) => {
    const medians = METRICS.map((metric) => {
      const median = medianOf(errors, metric);
      return median === null ? "–" : percent(median);
    });
    return [group, factor.toFixed(2), anchor, ...medians, errors.length];
  });
  return table(["group", "factor", "fitted on", "TTFT", "TPOT", "throughput", "figures"], rows);
}

function pairTable(pairs: Validation["pairs"]): string[] {
  const right = pairs.filter(({ measured, predicted }) =>
    Math.sign(measured) === Math.sign(predicted) || Math.abs(measured - predicted) <= 0.01
  );
  const near = pairs.filter(({ measured, predicted }) => Math.abs(measured - predicted) <= 0.03);
  return [
    `Change of throughput. The sign is right in ${right.length} of ${pairs.length}, the size within ` +
    `three points in ${near.length}.`,
    "",
    ...table(
      ["what", "row", "measured", "predicted"],
      pairs.map(({ name, row, measured, predicted }) => [
        name,
        row,
        signedPercent(measured),
        signedPercent(predicted),
      ]),
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

function rowCells(
  { row, classes, split, errors }: Extract<ValidatedRow, { kind: "predicted" }>,
): string[] {
  const figures = METRICS.map((metric) => {
    const found = errors.find((error) => error.metric === metric);
    return found === undefined
      ? "–"
      : `${found.predicted.toPrecision(4)} / ${found.measured.toPrecision(4)}`;
  });
  return [row.id, classes.card, classes.engine, split, ...figures];
}
