/** Tables of `docs/capacity.md`: predicted against replayed concurrency. */

import { markdownTable } from "../bench/report/markdown.ts";
import type { BenchResult, CapacityOutcome } from "../bench/result/mod.ts";
import { figures, labels } from "../cli/terminal/mod.ts";
import { pageBytes, type Workload } from "../fixtures/mod.ts";
import {
  fixed,
  loadFixture,
  type PageSections,
  performancesOf,
  replayByModel,
} from "./docs_page.ts";

/** A fixture of the document. */
export interface CapacityCase {
  /** How the document calls it. */
  readonly title: string;
  readonly fixture: string;
  /** Head map where it is not the fixture's own. */
  readonly headMap?: string;
}

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

/** How caches are stored, by the names that a workload may write. */
export const CACHE_TYPES: readonly string[] = [
  "bf16",
  "int8:token:f32",
  "fp8_e4m3:head:f32",
  "int4:channel:bf16",
  "fp4_e2m1:block:fp8_e4m3",
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
  const result = await replayByModel(await loadCase(o), { gates: ["gate/capacity"] });
  const { outcomes } = result.capacityGate!;
  return {
    sides: outcomes.flatMap((outcome) => sideRows(o.title, outcome, result)),
    terms: termRow(o.title, outcomes[1], result.capacityPrediction.pooledGain),
  };
}

function loadCase(
  { fixture, headMap }: CapacityCase,
  values: Readonly<Record<string, unknown>> = {},
): Promise<Workload> {
  return loadFixture(fixture, { ...(headMap === undefined ? {} : { headMap }), ...values });
}

function sideRows(title: string, outcome: CapacityOutcome, result: BenchResult): string[][] {
  const { layout, predictedOff, predictedOn, replayedOff, replayedOn } = outcome;
  const [[off], [on]] = [
    performancesOf(result, layout),
    performancesOf(result, `${layout}-recycle`),
  ];
  return ([
    ["off", predictedOff, replayedOff, off],
    ["on", predictedOn, replayedOn, on],
  ] as const).map(([recycling, predicted, replayed, side]) => [
    title,
    layout === "pooled" ? "one pool (L2)" : "a pool per head (L1)",
    recycling,
    predicted.concurrency.toFixed(1),
    fixed(replayed, 1),
    side.meanConcurrency!.toFixed(1),
    `×${(side.outputTokensPerSecond! / off.outputTokensPerSecond!).toFixed(2)}`,
    String(side.preemptions),
  ]);
}

function termRow(title: string, outcome: CapacityOutcome, limit: number): string[] {
  const { predictedOff: off, predictedOn: on, replayedOff, replayedOn } = outcome;
  const gains = [
    limit,
    off.heldPages / on.heldPages,
    on.roomRequests / off.roomRequests,
    on.concurrency / off.concurrency,
    replayedOff === null || replayedOn === null ? null : replayedOn / replayedOff,
  ];
  return [title, ...gains.map((gain) => fixed(gain, 2, "×"))];
}

/** Loads a case over pools of a type, as many bytes as its own, with load enough to fill them. */
async function loadTypeCase(o: CapacityCase, dtype: string): Promise<Workload> {
  const plain = await loadCase(o);
  const typed = await loadCase(o, {
    "cache.dtype": dtype,
    "cache.pages": undefined,
    "cache.kvBytes": plain.cache.kvBytes,
  });
  const bytesOf = ({ cache }: Workload): number =>
    pageBytes(plain.model, { tensorParallel: plain.tensorParallel, ...cache });
  const factor = Math.ceil(bytesOf(plain) / bytesOf(typed));
  const { requests, scheduler } = typed;
  return {
    ...typed,
    scheduler: { ...scheduler, maxSequences: scheduler.maxSequences * factor },
    requests: requests.kind === "synthetic"
      ? { ...requests, count: requests.count * factor }
      : requests,
  };
}

/** Replays a case with every type and lays out its rows. */
export async function replayTypesOfCase(o: CapacityCase): Promise<string[][]> {
  const rows: string[][] = [];
  let first: number | null = null;
  for (const dtype of CACHE_TYPES) {
    const workload = await loadTypeCase(o, dtype);
    const result = await replayByModel(workload, { gates: ["gate/capacity"] });
    const pooled = result.capacityGate!.outcomes.find(({ layout }) => layout === "pooled")!;
    const { predictedOff, predictedOn, replayedOff, replayedOn } = pooled;
    first ??= replayedOff;
    for (
      const [recycling, predicted, replayed] of [
        ["off", predictedOff, replayedOff],
        ["on", predictedOn, replayedOn],
      ] as const
    ) {
      rows.push([
        o.title,
        dtype,
        recycling,
        String(workload.cache.pagesPerHead),
        predicted.concurrency.toFixed(1),
        fixed(replayed, 1),
        fixed(replayed === null || first === null ? null : replayed / first, 2, "×"),
      ]);
    }
  }
  return rows;
}

/**
 * Lays out the tables.
 *
 * @param types Rows of the table of quantised pools.
 */
export function capacitySections(
  cases: readonly CapacityRows[],
  types: readonly (readonly string[])[],
): PageSections {
  return {
    concurrency: markdownTable([
      ...labels("fixture", "pools", "recycling"),
      ...figures("predicted", "replayed", "whole run", "throughput", "preemptions"),
    ], cases.flatMap(({ sides }) => sides)),
    types: markdownTable([
      ...labels("fixture", "cache", "recycling"),
      ...figures("pages", "predicted", "replayed", "gain"),
    ], types),
    terms: markdownTable([
      ...labels("fixture"),
      ...figures("limit", "pages held", "admission", "whole requests", "replayed"),
    ], cases.map(({ terms }) => terms)),
  };
}
