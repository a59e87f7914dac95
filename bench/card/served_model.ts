/** A model as it is served: layers, types of its weights, and how it lies over cards. */

import type { WeightType } from "../../fixtures/mod.ts";
import type { Card } from "./card_costs.ts";
import type { ProductType } from "./profile_schema.ts";

/** Feed-forward block of a layer. */
export interface FeedForwardShape {
  /** Intermediate size of the block that every token visits (dense or shared experts), 0 for none. */
  readonly denseIntermediate: number;
  /** Whether the block has three matrices and not two. */
  readonly gated: boolean;
  /** Routed experts, 0 for none. */
  readonly experts: number;
  /** Routed experts that a token visits. */
  readonly expertsPerToken: number;
  /** Intermediate size of one routed expert. */
  readonly expertIntermediate: number;
}

/** Layers that cost the same. */
export interface ServedLayer {
  /** How many there are. */
  readonly count: number;
  /** Tokens of the window, or null where a layer sees its whole context. */
  readonly windowTokens: number | null;
  /** Whether the window is a fixed chunk of positions and not a sliding one. */
  readonly chunked: boolean;
  /** Query heads over all ranks. */
  readonly queryHeads: number;
  /** KV heads over all ranks. */
  readonly kvHeads: number;
  /** Elements of a head of queries and keys. */
  readonly headSize: number;
  /** Elements of a head of values. */
  readonly valueHeadSize: number;
  /** Feed-forward block. */
  readonly feedForward: FeedForwardShape;
}

/** A model as it is served. */
export interface ServedModel {
  /** Name. */
  readonly name: string;
  /** Width of the residual stream. */
  readonly hidden: number;
  /** Rows of the embedding table. */
  readonly vocabulary: number;
  /** Whether the output projection is the embedding table. */
  readonly tiedEmbeddings: boolean;
  /** Layers, grouped by cost. */
  readonly layers: readonly ServedLayer[];
  /** Type of the weights of attention. */
  readonly attentionWeights: WeightType;
  /** Type of the weights of dense blocks and shared experts. */
  readonly denseWeights: WeightType;
  /** Type of the weights of routed experts. */
  readonly expertWeights: WeightType;
  /** Bytes that one cached element takes. */
  readonly cacheBytes: number;
  /** Bytes of bf16 whose reading takes as long as one cached element, conversion included. */
  readonly cacheReadBytes: number;
}

/** How a model lies over cards. */
export interface Placement {
  /** Tensor-parallel ranks. */
  readonly tensorParallel: number;
  /** Ranks that share whole experts, within the tensor-parallel ones; 1 where experts are cut. */
  readonly expertParallel: number;
  /** Pipeline stages. */
  readonly pipelineParallel: number;
}

/** Bytes of one stored weight, with its scales. */
export const WEIGHT_BYTES: Readonly<Record<WeightType, number>> = {
  bf16: 2,
  fp8: 1,
  int8: 1,
  // 4 bits, and a scale for each 128 (int4) or 32 (mxfp4) of them.
  int4: 0.53,
  mxfp4: 0.53,
};

/**
 * The type that a stored weight is multiplied in on a card with such units; 4-bit floating point is
 * counted at the rate of 8 bits, which is the least that it reaches.
 */
export function multipliedAs(
  type: WeightType,
  units: Pick<Card, "hasFp8" | "hasFp4">,
): ProductType {
  if (type === "mxfp4") return units.hasFp4 ? "fp8" : "bf16";
  // With integers of 8 bits, quantising activations costs about what the faster units gain.
  return type === "fp8" && units.hasFp8 ? "fp8" : "bf16";
}

/**
 * How much longer than their bytes and operations say products take whose weights are widened on the
 * way in, as no grid of a profile holds them: from the reads of few tokens, and from the arithmetic
 * of many. Stated from kernels of the Marlin kind beside bf16 products.
 */
export const WIDENED_SLOWDOWN = { reads: 1.2, arithmetic: 1.6 };

/** Weights of one layer, over all ranks, in elements: of attention, dense blocks and experts. */
export function layerWeights(
  layer: ServedLayer,
  hidden: number,
): { attention: number; dense: number; experts: number } {
  const { feedForward: ff } = layer;
  const keys = layer.kvHeads * (layer.headSize + layer.valueHeadSize);
  const attention = hidden *
    (layer.queryHeads * (layer.headSize + layer.valueHeadSize) + keys);
  return {
    attention,
    dense: (ff.gated ? 3 : 2) * hidden * ff.denseIntermediate + hidden * ff.experts,
    experts: 3 * hidden * ff.expertIntermediate * ff.experts,
  };
}

/**
 * Bytes that the reads of a cached element take the time of, by the bits that it is kept in. Codes
 * are converted on the way in: fp8 leaves about 0.7 of the time of bf16, not a half, and 4 bits none
 * of it in the engines that published results.
 */
export const CACHE_READ_BYTES: Readonly<Record<4 | 8 | 16, number>> = { 16: 2, 8: 1.4, 4: 2.2 };

/** Bytes of all weights over all ranks. */
export function weightBytes(model: ServedModel): number {
  let bytes = model.vocabulary * model.hidden * 2 * (model.tiedEmbeddings ? 1 : 2);
  for (const layer of model.layers) {
    const { attention, dense, experts } = layerWeights(layer, model.hidden);
    bytes += layer.count * (attention * WEIGHT_BYTES[model.attentionWeights] +
      dense * WEIGHT_BYTES[model.denseWeights] + experts * WEIGHT_BYTES[model.expertWeights]);
  }
  return bytes;
}

/** KV heads that one rank holds: at least one, so that few heads are kept more than once. */
export function kvHeadsOfRank(kvHeads: number, tensorParallel: number): number {
  return Math.max(1, kvHeads / tensorParallel);
}

/** Bytes of cache of one rank for one token of a layer. */
export function cacheBytesPerToken(
  layer: ServedLayer,
  model: ServedModel,
  { tensorParallel, pipelineParallel }: Placement,
): number {
  return kvHeadsOfRank(layer.kvHeads, tensorParallel) * (layer.headSize + layer.valueHeadSize) *
    model.cacheBytes / pipelineParallel;
}
