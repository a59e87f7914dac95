/** What the clock and a simulation say of one published row. */

import {
  cacheBytesPerToken,
  type Card,
  type CardProfile,
  type CostFactors,
  createStepCost,
  type EngineName,
  type EngineOverhead,
  engineStepMs,
  findDataSheet,
  linksOf,
  NO_FACTORS,
  openCard,
  type Placement,
  type ServedModel,
  weightBytes,
} from "../card/mod.ts";
import { type Engine, engineOf, findEngine } from "./engines.ts";
import type { PublishedGeometry, PublishedRow } from "./published.ts";
import { BenchError } from "../result/mod.ts";
import { requestsOfRow } from "./row_requests.ts";
import { servedModel } from "./served_geometry.ts";
import { simulate, type SimulatedTimes } from "./simulate.ts";

/** Figures of one row. */
export interface Prediction {
  /** Time to the first token, in milliseconds. */
  readonly ttftMs: { readonly mean: number; readonly p50: number };
  /** Time of one output token after the first, by request, in milliseconds. */
  readonly tpotMs: { readonly mean: number; readonly p50: number };
  /** Gap between tokens, in milliseconds. */
  readonly itlMs: { readonly p50: number };
  /** Output tokens of all requests over the whole time. */
  readonly outputTokensPerSecond: number;
  /** Whether the card's own profile answered. */
  readonly basis: Card["basis"];
  /** Steps that were simulated. */
  readonly steps: number;
  /** Requests that lost their cache to others. */
  readonly preemptions: number;
}

/** A prediction, or why there is none. */
export type RowOutcome =
  | { readonly kind: "predicted"; readonly prediction: Prediction }
  | { readonly kind: "unexpressed"; readonly reason: string };

/** What predictions are made from. */
export interface PredictOptions {
  /** Geometries by name. */
  readonly geometries: ReadonlyMap<string, PublishedGeometry>;
  /** Profiles at hand. */
  readonly profiles: readonly CardProfile[];
  /** Factors of a fit. */
  readonly factors?: CostFactors;
  /** Factor on every duration, of steps and of requests. @default {1} */
  readonly timeFactor?: number;
  /** Overheads that replace an engine's own, for fits. */
  readonly overhead?: (name: EngineName) => Partial<EngineOverhead>;
}

/** Predicts one row; what cannot be predicted has a reason. */
export function predictRow(row: PublishedRow, o: PredictOptions): RowOutcome {
  try {
    return predict(row, o);
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    return { kind: "unexpressed", reason: error.message };
  }
}

function predict(row: PublishedRow, o: PredictOptions): RowOutcome {
  const reason = whyNot(row, o);
  if (reason !== null) return { kind: "unexpressed", reason };
  const geometry = o.geometries.get(row.geometry!)!;
  const timeFactor = o.timeFactor ?? 1;
  const model = servedModel(geometry, row);
  const card = openCard(row.gpu, o.profiles);
  const engine = engineOf(findEngine(row.engine)!, {
    sheet: card.sheet,
    flags: row.flags ?? "",
    ...(o.overhead === undefined ? {} : { overhead: o.overhead(findEngine(row.engine)!) }),
  });
  const placement = placementOf(row);
  const capacity = capacityOf(model, { card, engine, placement });
  if (capacity.tokens < row.input_tokens) {
    return {
      kind: "unexpressed",
      reason: `the cache holds ${Math.round(capacity.tokens)} tokens beside the weights, fewer ` +
        `than one prompt`,
    };
  }
  const cost = createStepCost({
    card,
    links: linksOf(card, o.profiles),
    model,
    placement,
    promptKernel: card.sheet.name === "A100" || card.sheet.name === "L40S" ? "flash" : "cudnn",
    decodeKernel: "cudnn",
    factors: engineFactors(engine, o.factors ?? NO_FACTORS),
  });
  const layers = model.layers.reduce((sum, { count }) => sum + count, 0);
  const requests = requestsOfRow(row);
  const times = simulate({
    requests,
    limits: engine.limits,
    capacityTokens: capacity.tokens,
    heldTokens: capacity.held,
    concurrency: row.concurrency ?? null,
    admitMs: engine.overhead.admitMs * timeFactor,
    stepMs: ({ prompts, contexts, sampledRows }) => {
      let tokens = contexts.length;
      for (const { query } of prompts) tokens += query;
      const kernels = cost({
        prompts,
        decodeRows: contexts.length,
        decodeTokens: (window) => visibleTokens(contexts, window),
        sampledRows,
      });
      return timeFactor * engineStepMs(engine.overhead, {
        kernelsMs: kernels.attentionMs + kernels.restMs,
        tokens,
        rows: contexts.length + prompts.length,
        layers,
      });
    },
  });
  return {
    kind: "predicted",
    prediction: figuresOf(times, { requests, engine, card, timeFactor }),
  };
}

/** A fit's factors on top of the engine's own. */
function engineFactors({ overhead }: Engine, factors: CostFactors): CostFactors {
  return {
    ...factors,
    products: factors.products * overhead.arithmeticSlowdown,
    promptAttention: factors.promptAttention * overhead.arithmeticSlowdown,
    weightReads: factors.weightReads * overhead.readSlowdown,
    decodeAttention: factors.decodeAttention * overhead.readSlowdown,
  };
}

function visibleTokens(contexts: readonly number[], window: number | null): number {
  let sum = 0;
  if (window === null) { for (const context of contexts) sum += context; }
  else for (const context of contexts) sum += Math.min(context, window);
  return sum;
}

/** What flags and workloads name and no prediction has. */
const UNMODELLED: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/speculative|\beagle|\bmtp\b|medusa|draft[-_ ]model/i, "speculative decoding"],
  [/disaggregat|--kv[-_]transfer/i, "prefill and decode on different cards"],
  [/--enforce[-_]eager|--disable[-_]cuda[-_]graph\b/i, "without CUDA graphs"],
  [/--data[-_]parallel|--dp(?:-size)?[ =]|--enable-dp-attention/i, "data parallelism"],
  [/--cpu[-_]offload/i, "with weights on the host"],
];

/** Why a model cannot lie on the ranks that a row states. */
function whyNotCut(row: PublishedRow, geometry: PublishedGeometry): string | null {
  const { tensorParallel, pipelineParallel, expertParallel } = placementOf(row);
  if (geometry.q_heads % tensorParallel !== 0) {
    return `its ${geometry.q_heads} query heads cannot be shared by ${tensorParallel} ranks`;
  }
  if (pipelineParallel > geometry.layers) {
    return `its ${geometry.layers} layers cannot be shared by ${pipelineParallel} stages`;
  }
  if (expertParallel > 1 && (geometry.experts ?? 0) % expertParallel !== 0) {
    return `its ${geometry.experts ?? 0} experts cannot be shared by ${expertParallel} ranks`;
  }
  const ranks = tensorParallel * pipelineParallel;
  const { gpus = ranks } = row;
  if (gpus < ranks) return `it has ${gpus} GPUs for ${ranks} ranks`;
  return gpus > ranks
    ? `it has ${gpus} GPUs for ${ranks} ranks, and says nothing of the rest`
    : null;
}

function whyNot(row: PublishedRow, { geometries }: PredictOptions): string | null {
  if (findDataSheet(row.gpu) === undefined) return `nothing is known of the card "${row.gpu}"`;
  if (findEngine(row.engine) === undefined) return `the engine "${row.engine}" has no profile`;
  if (row.geometry === undefined) return `the sizes of ${row.model} are not known`;
  if (!geometries.has(row.geometry)) return `no geometry is named "${row.geometry}"`;
  const cut = whyNotCut(row, geometries.get(row.geometry)!);
  if (cut !== null) return cut;
  if (row.rate_per_s === undefined && row.concurrency === undefined && row.prompts === undefined) {
    return "neither its rate, its concurrency nor its number of prompts is stated";
  }
  const unmodelled = UNMODELLED.find(([pattern]) =>
    pattern.test(`${row.flags ?? ""} ${row.workload}`)
  );
  if (unmodelled !== undefined) return `it runs ${unmodelled[1]}, which is not modelled`;
  if (row.context_depth !== undefined) {
    return "it starts at a depth of context with a batch of its own, which no workload here does";
  }
  if (row.workload.includes("shared prefix")) {
    return "its prompts share a prefix whose cache was off on one side only";
  }
  return null;
}

/** Where a row's model lies: `tp`, `--ep` and expert parallelism of its flags and notes. */
export function placementOf(row: PublishedRow): Placement {
  const tensorParallel = row.tp ?? 1;
  const flags = row.flags ?? "";
  const named = /--ep(?:-size)?[ =](\d+)/.exec(flags) ?? /expert parallel (\d+)/.exec(row.notes);
  const all = flags.includes("--enable-expert-parallel");
  return {
    tensorParallel,
    expertParallel: row.ep ?? (all ? tensorParallel : Number(named?.[1] ?? 1)),
    pipelineParallel: row.pp ?? 1,
  };
}

/** Bytes of activations of one token at the widest place of a rank's layers. */
function activationBytes({ hidden, layers }: ServedModel, { tensorParallel }: Placement): number {
  const widths = layers.map(({ feedForward: ff, queryHeads, headSize }) => {
    const block = 3 * (ff.denseIntermediate + ff.expertsPerToken * ff.expertIntermediate);
    return Math.max(block, 3 * queryHeads * headSize) / tensorParallel;
  });
  return 2 * (4 * hidden + Math.max(...widths));
}

/** Tokens of cache beside the weights, and the tokens that a request of a length holds. */
function capacityOf(
  model: ServedModel,
  { card, engine, placement }: { card: Card; engine: Engine; placement: Placement },
): { tokens: number; held: (lengthTokens: number) => number } {
  const { memoryShare, workspaceBytes } = engine.overhead;
  const ranks = placement.tensorParallel * placement.pipelineParallel;
  const activations = engine.limits.maxBatchedTokens * activationBytes(model, placement);
  const free = card.sheet.memoryBytes * memoryShare - weightBytes(model) / ranks -
    workspaceBytes - activations;
  const parts = model.layers.map((layer) => ({
    bytes: layer.count * cacheBytesPerToken(layer, model, placement),
    window: layer.windowTokens,
  }));
  const all = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  const held = (length: number): number =>
    parts.reduce(
      (sum, { bytes, window }) =>
        sum + bytes * (window === null ? length : Math.min(length, window)),
      0,
    ) / all;
  return { tokens: free / all, held };
}

function figuresOf(
  times: SimulatedTimes,
  { requests, engine, card, timeFactor }: {
    timeFactor: number;
    requests: readonly { readonly outputTokens: number }[];
    engine: Engine;
    card: Card;
  },
): Prediction {
  const ttft: number[] = [];
  const tpot: number[] = [];
  let [tokens, endMs] = [0, 0];
  requests.forEach(({ outputTokens }, id) => {
    ttft.push(times.firstMs[id] - times.sentMs[id] + engine.overhead.requestMs * timeFactor);
    if (outputTokens > 1) tpot.push((times.lastMs[id] - times.firstMs[id]) / (outputTokens - 1));
    tokens += outputTokens;
    endMs = Math.max(endMs, times.lastMs[id]);
  });
  return {
    ttftMs: { mean: mean(ttft), p50: median(ttft) },
    tpotMs: { mean: mean(tpot), p50: median(tpot) },
    itlMs: { p50: times.gaps.quantile(0.5) ?? NaN },
    outputTokensPerSecond: tokens / (endMs + engine.overhead.requestMs * timeFactor) * 1000,
    basis: card.basis,
    steps: times.steps,
    preemptions: times.preemptions,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
