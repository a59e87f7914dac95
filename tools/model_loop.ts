/** The loop of layers on a GPU beside what the clock says of its steps. */

import {
  type BatchFile,
  createStepCost,
  NO_FACTORS,
  openCard,
  servedModelOf,
  SHIPPED_PROFILES,
} from "../bench/mod.ts";
import type { ModelGeometry } from "../fixtures/mod.ts";
import { percent } from "./docs_page.ts";
import { table } from "./docs_validation.ts";

/** What `model_loop.py` writes. */
export interface LoopFile {
  /** Format and version. */
  readonly format: "headwise-loop/1";
  /** Card that it ran on. */
  readonly card: { readonly name: string };
  /** Driver and versions. */
  readonly software: { readonly driver: string | null; readonly pytorch: string };
  /** Steps, by their index in the file of batches. */
  readonly steps: readonly {
    readonly index: number;
    readonly milliseconds: number;
    readonly captured: boolean;
  }[];
}

/** One step: predicted beside measured. */
export interface LoopStep {
  /** Whether it was decode rows alone, in a CUDA graph. */
  readonly kind: "decode" | "mixed";
  /** New tokens. */
  readonly tokens: number;
  /** Milliseconds. */
  readonly measuredMs: number;
  /** Milliseconds. */
  readonly predictedMs: number;
}

/** Predicts every step that was measured, by the shipped profile of the loop's card. */
export function compareLoop(
  batches: BatchFile,
  loop: LoopFile,
  geometry: ModelGeometry,
): LoopStep[] {
  const cost = createStepCost({
    card: openCard(loop.card.name, SHIPPED_PROFILES()),
    links: [],
    model: servedModelOf(geometry),
    placement: { tensorParallel: 1, expertParallel: 1, pipelineParallel: 1 },
    // The loop's own attention kernel, which the profile measured too.
    promptKernel: "triton-paged",
    decodeKernel: "triton-paged",
    factors: NO_FACTORS,
  });
  return loop.steps.map(({ index, milliseconds, captured }) => {
    const { queries, cached } = batches.steps[index];
    const prompts = queries.flatMap((query, row) =>
      query > 1 ? [{ query, cached: cached[row] }] : []
    );
    const seen = queries.reduce((sum, query, row) => query > 1 ? sum : sum + cached[row] + 1, 0);
    const { attentionMs, restMs } = cost({
      prompts,
      decodeRows: queries.length - prompts.length,
      decodeTokens: () => seen,
      sampledRows: queries.length,
    });
    return {
      kind: captured ? "decode" : "mixed",
      tokens: queries.reduce((sum, query) => sum + query, 0),
      measuredMs: milliseconds,
      predictedMs: attentionMs + restMs,
    };
  });
}

/** Median and 90th percentile of the absolute errors of one kind of steps. */
export function loopErrors(
  steps: readonly LoopStep[],
  kind: LoopStep["kind"],
): { readonly count: number; readonly median: number; readonly p90: number } {
  const errors = steps.filter((step) => step.kind === kind)
    .map(({ measuredMs, predictedMs }) => Math.abs(predictedMs / measuredMs - 1))
    .sort((a, b) => a - b);
  const at = (share: number): number =>
    errors[Math.min(errors.length - 1, Math.floor(share * errors.length))];
  return { count: errors.length, median: at(0.5), p90: at(0.9) };
}

const SIZE = 480;
const MARGIN = 60;
const COLOURS = { decode: "#1f77b4", mixed: "#d62728" } as const;

/** Draws predicted against measured milliseconds, both logarithmic, with the diagonal and ±10 %. */
export function drawLoop(steps: readonly LoopStep[], title: string): string {
  const values = steps.flatMap(({ measuredMs, predictedMs }) => [measuredMs, predictedMs]);
  const low = Math.log10(Math.min(...values) / 1.3);
  const high = Math.log10(Math.max(...values) * 1.3);
  const place = (ms: number): number => (Math.log10(ms) - low) / (high - low) * SIZE;
  const x = (ms: number): string => (MARGIN + place(ms)).toFixed(1);
  const y = (ms: number): string => (MARGIN + SIZE - place(ms)).toFixed(1);
  const [from, to] = [10 ** low, 10 ** high];
  const line = (factor: number, dash: string): string =>
    `<line x1="${x(from)}" y1="${y(from * factor)}" x2="${x(to)}" y2="${y(to * factor)}" ` +
    `stroke="#999"${dash} clip-path="url(#area)"/>`;
  const ticks = [5, 10, 20, 50, 100, 200, 500, 1000, 2000].filter((ms) => ms > from && ms < to);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${SIZE + 2 * MARGIN}" height="${
      SIZE + 2 * MARGIN
    }" font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<clipPath id="area"><rect x="${MARGIN}" y="${MARGIN}" width="${SIZE}" height="${SIZE}"/></clipPath>`,
    `<rect x="${MARGIN}" y="${MARGIN}" width="${SIZE}" height="${SIZE}" fill="none" stroke="#333"/>`,
    `<text x="${MARGIN}" y="30" font-size="14">${title}</text>`,
    line(1, ""),
    line(1.1, ' stroke-dasharray="4 4"'),
    line(0.9, ' stroke-dasharray="4 4"'),
    ...ticks.map((ms) =>
      `<text x="${x(ms)}" y="${SIZE + MARGIN + 16}" text-anchor="middle">${ms}</text>`
    ),
    ...ticks.map((ms) => `<text x="${MARGIN - 6}" y="${y(ms)}" text-anchor="end">${ms}</text>`),
    `<text x="${MARGIN + SIZE / 2}" y="${
      SIZE + MARGIN + 40
    }" text-anchor="middle">measured ms</text>`,
    `<text x="18" y="${MARGIN + SIZE / 2}" transform="rotate(-90 18 ${
      MARGIN + SIZE / 2
    })" text-anchor="middle">predicted ms</text>`,
    ...steps.map(({ kind, measuredMs, predictedMs }) =>
      `<circle cx="${x(measuredMs)}" cy="${y(predictedMs)}" r="4" fill="${
        COLOURS[kind]
      }" fill-opacity="0.6"/>`
    ),
    ...(["decode", "mixed"] as const).map((kind, index) =>
      `<text x="${MARGIN + 12}" y="${MARGIN + 20 + 16 * index}" fill="${
        COLOURS[kind]
      }">${kind} steps</text>`
    ),
    "</svg>",
    "",
  ].join("\n");
}

/** The section of docs/validation.md about loops. */
export function renderLoops(
  loops: readonly {
    readonly name: string;
    readonly loop: LoopFile;
    readonly steps: readonly LoopStep[];
  }[],
): string[] {
  return [
    ...table(
      ["card", "steps", "number", "median error", "nine in ten within"],
      loops.flatMap(({ loop, steps }) =>
        (["decode", "mixed"] as const).map((kind) => {
          const { count, median, p90 } = loopErrors(steps, kind);
          return [loop.card.name, kind, count, percent(median), percent(p90)];
        })
      ),
    ),
    "",
    ...loops.map(({ name, loop }) => `![Steps of ${loop.card.name}](results/${name}.svg)`),
  ];
}
