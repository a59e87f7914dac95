/** `docs/capacity.md`: predicted against replayed concurrency. */

import { loadWorkload, requireLoaded, type Workload } from "../fixtures/mod.ts";
import type { BenchResult, CapacityOutcome } from "../bench/result/mod.ts";
import { markdownList, markdownParagraph, markdownTable } from "../bench/report/markdown.ts";
import { runBench } from "../bench/run/mod.ts";
import type { CapacityCase } from "./capacity_case.ts";
import { renderTypesSection } from "./docs_capacity_types.ts";

/** Every case, in the order of the document. */
export const CAPACITY_CASES: readonly CapacityCase[] = [
  {
    title: "ERNIE-4.5-21B-A3B, ratio .25",
    fixture: "capacity-eb45-ratio-75",
    headMap: "first-25",
  },
  { title: "ERNIE-4.5-21B-A3B, ratio .75", fixture: "capacity-eb45-ratio-75" },
  {
    title: "ERNIE-4.5-21B-A3B, ratio .25, mixed lengths",
    fixture: "eb45-21b-a3b-32k-bf16-kv50-512s",
  },
  { title: "gpt-oss-20b, every second layer", fixture: "capacity-gpt-oss-20b" },
  { title: "gpt-oss-120b on two ranks", fixture: "capacity-gpt-oss-120b" },
  { title: "Llama-3-8B, DuoAttention by layer", fixture: "capacity-duo-attention" },
  { title: "Gemma 3 27B, five of six layers", fixture: "capacity-gemma-3-27b" },
];

/** One replayed case. */
export interface CapacityRows {
  /** Rows of the table of layouts and recycling. */
  readonly sides: readonly string[][];
  /** Row of the table of terms. */
  readonly terms: readonly string[];
}

/** Replays a case with the model clock and lays out its rows. */
export async function replayCapacityCase(o: CapacityCase): Promise<CapacityRows> {
  const workload = await loadCase(o);
  const result = await runBench({
    workload,
    gates: ["gate/capacity"],
    clock: { kind: "model", reason: null },
    maxChecks: 1,
  });
  const { outcomes } = result.capacityGate!;
  return {
    sides: outcomes.flatMap((outcome) => sideRows(o.title, { outcome, result })),
    terms: termRow(o.title, { outcome: outcomes[1], result }),
  };
}

async function loadCase({ fixture, headMap }: CapacityCase): Promise<Workload> {
  const overrides = headMap === undefined
    ? []
    : [{ path: "headMap", value: headMap, origin: "docs/capacity.md" }];
  return requireLoaded(await loadWorkload(fixture, { overrides }));
}

function sideRows(
  title: string,
  { outcome, result }: { outcome: CapacityOutcome; result: BenchResult },
): string[][] {
  const performanceOf = (name: string) =>
    result.sides.find((side) => side.name === name)!.runs[0].performance!;
  const off = performanceOf(outcome.layout);
  const on = performanceOf(`${outcome.layout}-recycle`);
  const name = outcome.layout === "pooled" ? "one pool (L2)" : "a pool per head (L1)";
  const row = (
    recycling: string,
    o: { predicted: number; replayed: number | null; whole: number; gain: number; lost: number },
  ): string[] => [
    title,
    name,
    recycling,
    o.predicted.toFixed(1),
    o.replayed === null ? "–" : o.replayed.toFixed(1),
    o.whole.toFixed(1),
    `×${o.gain.toFixed(2)}`,
    String(o.lost),
  ];
  return [
    row("off", {
      predicted: outcome.predictedOff.concurrency,
      replayed: outcome.replayedOff,
      whole: off.meanConcurrency!,
      gain: 1,
      lost: off.preemptions,
    }),
    row("on", {
      predicted: outcome.predictedOn.concurrency,
      replayed: outcome.replayedOn,
      whole: on.meanConcurrency!,
      gain: on.outputTokensPerSecond! / off.outputTokensPerSecond!,
      lost: on.preemptions,
    }),
  ];
}

function termRow(
  title: string,
  { outcome, result }: { outcome: CapacityOutcome; result: BenchResult },
): string[] {
  const { predictedOff: off, predictedOn: on, replayedOff, replayedOn } = outcome;
  const gains = [
    result.capacityPrediction.pooledGain,
    off.heldPages / on.heldPages,
    on.roomRequests / off.roomRequests,
    on.concurrency / off.concurrency,
    replayedOff === null || replayedOn === null ? null : replayedOn / replayedOff,
  ];
  return [title, ...gains.map((gain) => (gain === null ? "–" : `×${gain.toFixed(2)}`))];
}

/**
 * Lays out the document.
 *
 * @param types Rows of the table of quantised pools.
 */
export function renderCapacityDocument(
  cases: readonly CapacityRows[],
  types: readonly (readonly string[])[],
): string {
  const right = (title: string) => ({ title, align: "right" as const });
  const lines = [
    "# Predicted against replayed capacity",
    "",
    "<!-- Written by `deno task docs:figures`; do not edit. -->",
    "",
    ...markdownParagraph(
      "How many requests run at once when memory bounds the batch, with dead pages of window " +
        "heads kept until the end (recycling off) and freed on the way (on): by arithmetic, and " +
        "by replaying the fixture with the `model` clock. Concurrency is in requests; replayed " +
        "concurrency is the time-weighted mean over the steps in which a request waited because " +
        "pages were short. The mean of the whole run is lower: it counts the ramp, in which " +
        "prefills fill the pools one after the other, and the tail, in which no request waits any " +
        "more. Throughput is output tokens per second over those with recycling off.",
    ),
    "",
    ...markdownTable([
      { title: "fixture" },
      { title: "pools" },
      { title: "recycling" },
      right("predicted"),
      right("replayed"),
      right("whole run"),
      right("throughput"),
      right("preemptions"),
    ], cases.flatMap(({ sides }) => sides)),
    "",
    ...markdownParagraph(
      "Throughput gains less than concurrency: a larger batch shares the reading of weights, but " +
        "not the arithmetic of prefills, and these prompts are long beside their answers.",
    ),
    "",
    ...renderTypesSection(types),
    "## Why a pool for each head gains nothing",
    "",
    ...markdownParagraph(
      "With L1 pools a page that a window head frees can only serve the same head of another " +
        "request. That request needs its pages of every full head too, and those pools are as " +
        "full as before. Whatever the window heads free, the full heads admit N / F requests: " +
        "the gain is 1 as soon as one head is full. A uniform page holds all heads at once, so " +
        "there it cannot be freed at all while one of them is full. Only one pool for all heads " +
        "(L2) turns freed pages into requests.",
    ),
    "",
    "## From the limit to the replay",
    "",
    ...markdownParagraph("The gain of one pool, term by term:"),
    "",
    ...markdownTable([
      { title: "fixture" },
      right("limit"),
      right("pages held"),
      right("admission"),
      right("whole requests"),
      right("replayed"),
    ], cases.map(({ terms }) => terms)),
    "",
    ...markdownList([
      "**limit** H·F / ((H−S)·F + S·R): H heads over all layer groups, S of them with a window, F " +
      "pages of a full head, R = min(F, ceil((W−1)/P) + 1 + ceil(sinks/P)) pages that a window " +
      "head keeps.",
      "**pages held** the same ratio of pages that a decoding request really holds on the mean: " +
      "it is half way through its answer, its last page is half full, and half of the pages " +
      "taken ahead stand empty. Pages taken ahead weigh more beside R than beside F.",
      "**admission** room for requests, 1 + (C − a) / (h + r), on against off: C pages, h pages " +
      "held, a pages that the prefill of one more request demands, r pages kept back for each " +
      "running one. While a prompt is prefilled in chunks, a window head holds its chunk beside " +
      "its window, so a falls less than h does.",
      "**whole requests** the same rounded down to whole requests where all have one length. " +
      "With eight requests in memory one request is a lot.",
      "**replayed** what the replay's own allocator and scheduler came to.",
    ]),
  ];
  return `${lines.join("\n")}\n`;
}
