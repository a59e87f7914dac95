/** What the clock and a simulation say of one published row. */

import {
  type Card,
  type CardProfile,
  type CostFactors,
  type EngineName,
  type EngineOverhead,
  linksOf,
  NO_FACTORS,
  openCard,
} from "../card/mod.ts";
import { type Engine, engineOf, findEngine } from "./engines.ts";
import type { PublishedGeometry, PublishedRow } from "./published.ts";
import { BenchError } from "../result/mod.ts";
import { median } from "../statistics/mod.ts";
import { expressRow, type Unexpressed } from "./express_row.ts";
import { requestsOfRow } from "./row_requests.ts";
import { capacityOf } from "./served_capacity.ts";
import { servedModel } from "./served_geometry.ts";
import { meanOf, serveRequests } from "./serve_requests.ts";

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
  readonly profiles: readonly CardProfile[];
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
  const served = serveRequests({
    requests: requestsOfRow(row),
    cost: {
      card,
      links: linksOf(card, o.profiles),
      model,
      placement,
      promptKernel: card.sheet.name === "A100" || card.sheet.name === "L40S" ? "flash" : "cudnn",
      decodeKernel: "cudnn",
      factors: engineFactors(engine, o.factors ?? NO_FACTORS),
    },
    overhead: engine.overhead,
    limits: engine.limits,
    capacityTokens: capacity.tokens,
    heldTokens: capacity.held,
    concurrency: row.concurrency ?? null,
    stages: placement.pipelineParallel,
    timeFactor: o.timeFactor ?? 1,
  });
  const { times, ttftMs, tpotMs, outputTokensPerSecond } = served;
  return {
    kind: "predicted",
    prediction: {
      ttftMs: { mean: meanOf(ttftMs), p50: median(ttftMs) },
      tpotMs: { mean: meanOf(tpotMs), p50: median(tpotMs) },
      itlMs: { p50: times.gaps.quantile(0.5) ?? NaN },
      outputTokensPerSecond,
      basis: card.basis,
      steps: times.steps,
      preemptions: times.preemptions,
    },
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
