/** What the clock and a simulation say of one published row. */

import {
  type Card,
  type CardProfile,
  type CostFactors,
  createStepCost,
  type EngineName,
  type EngineOverhead,
  engineStepMs,
  linksOf,
  NO_FACTORS,
  openCard,
} from "../card/mod.ts";
import { type Engine, engineOf, findEngine } from "./engines.ts";
import type { PublishedGeometry, PublishedRow } from "./published.ts";
import { BenchError } from "../result/mod.ts";
import { expressRow, type Unexpressed } from "./express_row.ts";
import { requestsOfRow } from "./row_requests.ts";
import { capacityOf } from "./served_capacity.ts";
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
  | Unexpressed;

/** What predictions are made from. */
export interface PredictOptions {
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
    return { kind: "unexpressed", reason: error.message, at: null };
  }
}

function predict(row: PublishedRow, o: PredictOptions): RowOutcome {
  const found = expressRow(row, o.geometries);
  if (found.kind === "unexpressed") return found;
  const { geometry, settings, placement } = found;
  const timeFactor = o.timeFactor ?? 1;
  const model = servedModel(geometry, row, settings);
  const card = openCard(row.gpu, o.profiles);
  const name = findEngine(row.engine)!;
  const engine = engineOf(name, {
    sheet: card.sheet,
    words: row.engine,
    settings,
    ...(row.engine_version === undefined ? {} : { version: row.engine_version }),
    ...(o.overhead === undefined ? {} : { overhead: o.overhead(name) }),
  });
  const capacity = capacityOf(model, { sheet: card.sheet, engine, placement, settings });
  if (capacity.tokens < row.input_tokens) {
    return {
      kind: "unexpressed",
      reason: `the cache holds ${Math.round(capacity.tokens)} tokens beside the weights, fewer ` +
        `than one prompt`,
      at: "input_tokens",
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
    stages: placement.pipelineParallel,
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
