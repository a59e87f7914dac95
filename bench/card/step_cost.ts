/** What one step of a served model costs on a card: attention and the rest, kernel by kernel. */

import type { WeightType } from "../../fixtures/mod.ts";
import { decodeUs, promptUs } from "./attention_costs.ts";
import { type Card, passUs, productUs, samplingUs } from "./card_costs.ts";
import { findDataSheet } from "./data_sheets.ts";
import { expertsUs } from "./expert_costs.ts";
import { allReduceUs } from "./link_costs.ts";
import type { CardProfile } from "./profile_schema.ts";
import {
  kvHeadsOfRank,
  multipliedAs,
  type Placement,
  type ServedLayer,
  type ServedModel,
  WEIGHT_BYTES,
  WIDENED_SLOWDOWN,
} from "./served_model.ts";

/** The rows of a step, as far as its cost depends on them. */
export interface CostRows {
  /** Rows of more than one new token. */
  readonly prompts: readonly { readonly query: number; readonly cached: number }[];
  /** Rows of one new token. */
  readonly decodeRows: number;
  /** Σ over decode rows of the tokens that they see in a layer of this window. */
  readonly decodeTokens: (windowTokens: number | null) => number;
  /** Rows whose next token is sampled. */
  readonly sampledRows: number;
}

/** Factors that change nothing: 1 is what the profile says. */
export const NO_FACTORS = {
  /** Attention of prompts. */
  promptAttention: 1,
  /** Attention of decode rows. */
  decodeAttention: 1,
  /** Matrix products with enough tokens to be bound by arithmetic, and experts. */
  products: 1,
  /** Products and experts with few tokens, bound by reading weights. */
  weightReads: 1,
  /** Milliseconds per step besides its kernels. */
  stepOverheadMs: 0,
};

/** Named factors on parts of a step. */
export type CostFactors = { readonly [KEY in keyof typeof NO_FACTORS]: number };

/** What a step's cost is worked out from. */
export interface CostModel {
  /** The card. */
  readonly card: Card;
  /** Measured all-reduces that hold for the card's links; empty where there are none. */
  readonly links: readonly CardProfile["allReduce"][number][];
  /** The model. */
  readonly model: ServedModel;
  /** Where it lies. */
  readonly placement: Placement;
  /** Attention kernel of the profile for prompts. */
  readonly promptKernel: string;
  /** Attention kernel of the profile for decode rows. */
  readonly decodeKernel: string;
  /** Factors of a fit. */
  readonly factors: CostFactors;
}

/** Milliseconds of a step on the device. */
export interface StepCost {
  /** Attention over all layers. */
  readonly attentionMs: number;
  /** Everything else. */
  readonly restMs: number;
}

/** From this many tokens on, products are bound by arithmetic on every card of today. */
const ARITHMETIC_TOKENS = 256;
/** Time that grouped products lose where ranks hold whole experts and the busiest one is waited for. */
const EXPERT_IMBALANCE = 0.25;

/**
 * Creates a function from tokens and sampled rows to the microseconds of everything but attention;
 * each number of tokens is worked out once.
 */
export function createRestCost(model: CostModel): (tokens: number, sampledRows: number) => number {
  const layers = new Map<number, number>();
  const outputs = new Map<number, number>();
  const remember = (known: Map<number, number>, key: number, work: () => number): number => {
    let us = known.get(key);
    if (us === undefined) known.set(key, us = work());
    return us;
  };
  const stages = model.placement.pipelineParallel;
  return (tokens, sampledRows) => {
    if (tokens === 0) return 0;
    return remember(layers, tokens, () => layersRestUs(model, tokens)) +
      remember(outputs, sampledRows, () => outputRestUs(model, sampledRows)) +
      (stages - 1) * sendUs(model, tokens) + model.factors.stepOverheadMs * 1000;
  };
}

/** Creates a function from rows to cost. */
export function createStepCost(model: CostModel): (rows: CostRows) => StepCost {
  const rest = createRestCost(model);
  return (rows) => {
    let tokens = rows.decodeRows;
    for (const { query } of rows.prompts) tokens += query;
    return {
      attentionMs: attentionUs(model, rows) / 1000,
      restMs: rest(tokens, rows.sampledRows) / 1000,
    };
  };
}

/** The all-reduces among some profiles that were measured over links like this card's. */
export function linksOf(card: Card, profiles: readonly CardProfile[]): CardProfile["allReduce"] {
  return profiles.flatMap(({ card: { name }, allReduce }) =>
    findDataSheet(name)?.linkBytesPerSecond === card.sheet.linkBytesPerSecond ? allReduce : []
  );
}

function attentionUs(
  { card, model, placement, factors, ...kernels }: CostModel,
  rows: CostRows,
): number {
  let us = 0;
  for (const layer of model.layers) {
    const shape = {
      queryHeads: Math.max(1, layer.queryHeads / placement.tensorParallel),
      kvHeads: kvHeadsOfRank(layer.kvHeads, placement.tensorParallel),
      headSize: layer.headSize,
      valueHeadSize: layer.valueHeadSize,
      cacheBytes: model.cacheReadBytes,
    };
    const { windowTokens } = layer;
    let one = 0;
    for (const { query, cached } of rows.prompts) {
      // Positions of a chunked layer see at most to the begin of their chunk: half of it on the mean.
      const near = layer.chunked && windowTokens !== null ? windowTokens / 2 : windowTokens;
      const o = { query, cached, windowTokens: near, kernel: kernels.promptKernel };
      one += factors.promptAttention * promptUs(card, shape, o);
    }
    if (rows.decodeRows > 0) {
      const o = {
        requests: rows.decodeRows,
        tokens: rows.decodeTokens(windowTokens),
        kernel: kernels.decodeKernel,
      };
      one += factors.decodeAttention * decodeUs(card, shape, o);
    }
    us += layer.count * one;
  }
  return us;
}

function layersRestUs(cost: CostModel, tokens: number): number {
  return cost.model.layers.reduce(
    (us, layer) => us + layer.count * layerRestUs(cost, layer, tokens),
    0,
  );
}

/** One layer without attention: products, experts, passes and collectives. */
function layerRestUs(cost: CostModel, layer: ServedLayer, tokens: number): number {
  const { card, model, placement: { tensorParallel: tp, expertParallel: ep }, factors } = cost;
  const { hidden } = model;
  const ff = layer.feedForward;
  const bound = tokens >= ARITHMETIC_TOKENS ? factors.products : factors.weightReads;
  const product = (outer: number, inner: number, weights: WeightType): number => {
    const type = multipliedAs(weights, card);
    const quantise = type === "fp8" ? passUs(card, tokens * inner * 3) : 0;
    const us = productUs(card, { tokens, outer, inner, type, weightBytes: WEIGHT_BYTES[weights] });
    return us * bound * widened(cost, weights, tokens) + quantise;
  };
  const queryHeads = Math.max(1, layer.queryHeads / tp);
  const kvHeads = kvHeadsOfRank(layer.kvHeads, tp);
  const width = queryHeads * layer.headSize + kvHeads * (layer.headSize + layer.valueHeadSize);
  let us = product(width, hidden, model.attentionWeights) +
    product(hidden, queryHeads * layer.valueHeadSize, model.attentionWeights);
  // Two norms fused with the residual, rotation with the write to the cache.
  us += 2 * passUs(card, tokens * hidden * 8) + 2 * passUs(card, tokens * width * 4);
  let reduces = 1;
  if (ff.denseIntermediate > 0) {
    const inner = ff.denseIntermediate / tp;
    us += product((ff.gated ? 2 : 1) * inner, hidden, model.denseWeights) +
      product(hidden, inner, model.denseWeights) + passUs(card, tokens * inner * 6);
    reduces = 2;
  }
  if (ff.experts > 0) {
    const weights = model.expertWeights;
    const block = {
      hidden,
      intermediate: ff.expertIntermediate / (ep > 1 ? 1 : tp),
      experts: ff.experts / ep,
      expertsPerToken: ff.expertsPerToken / ep,
      type: multipliedAs(weights, card),
      weightBytes: WEIGHT_BYTES[weights],
    };
    us += expertsUs(card, block, tokens) * bound * widened(cost, weights, tokens) *
      (ep > 1 ? 1 + EXPERT_IMBALANCE : 1);
    reduces = 2;
  }
  return us + reduces * allReduceUs(card, cost.links, { bytes: tokens * hidden * 2, gpus: tp });
}

function widened({ card }: CostModel, weights: WeightType, tokens: number): number {
  const multiplied = multipliedAs(weights, card);
  if (weights === "bf16" || weights === "int8" || multiplied === "fp8") return 1;
  return tokens >= ARITHMETIC_TOKENS ? WIDENED_SLOWDOWN.arithmetic : WIDENED_SLOWDOWN.reads;
}

/** The last norm, the output projection of the sampled rows, and sampling. */
function outputRestUs(cost: CostModel, rows: number): number {
  if (rows === 0) return 0;
  const { card, model, placement: { tensorParallel: tp }, factors } = cost;
  const bound = rows >= ARITHMETIC_TOKENS ? factors.products : factors.weightReads;
  const outer = model.vocabulary / tp;
  const product = productUs(card, {
    tokens: rows,
    outer,
    inner: model.hidden,
    type: "bf16",
    weightBytes: 2,
  });
  const gather = allReduceUs(card, cost.links, { bytes: rows * model.vocabulary, gpus: tp });
  return product * bound + samplingUs(card, rows * model.vocabulary) + gather;
}

/** Sending a step's activations to the next stage. */
function sendUs({ card, model }: CostModel, tokens: number): number {
  return 10 + tokens * model.hidden * 2 / card.sheet.linkBytesPerSecond * 1e6;
}
