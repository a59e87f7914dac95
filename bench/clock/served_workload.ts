/** A workload's model as it is served, for the costs of a card. */

import { CODE_BITS, type QuantisedFormat, tokenBytes } from "../../allocator/mod.ts";
import type { ModelGeometry, WeightType, WeightTypes, Workload } from "../../fixtures/mod.ts";
import {
  CACHE_READ_BYTES,
  type Placement,
  type ServedLayer,
  type ServedModel,
} from "../card/mod.ts";

/** The model of a workload; mean bytes of a weight below 2 stand for the nearest type. */
export function servedWorkload(workload: Workload): ServedModel {
  const mean = weightTypeOf(workload.weightBytesPerParameter);
  return {
    ...servedModelOf(workload.model, workload.weights ?? alike(mean)),
    ...storedElement(workload),
  };
}

/** Bytes of a cached element, and of its reads, on the mean over keys and values. */
function storedElement(
  { cache, model }: Workload,
): Pick<ServedModel, "cacheBytes" | "cacheReadBytes"> {
  const sides = [cache.keyFormat, cache.valueFormat];
  const mean = (of: (side: QuantisedFormat | undefined) => number): number =>
    sides.reduce((sum, side) => sum + of(side), 0) / sides.length;
  return {
    cacheBytes: mean((side) => tokenBytes(side, model.headSize)) / model.headSize,
    cacheReadBytes: mean((side) =>
      CACHE_READ_BYTES[side === undefined ? 16 : CODE_BITS[side.codes]]
    ),
  };
}

/** A model by its geometry and the types of its weights. */
export function servedModelOf(
  model: ModelGeometry,
  weights: WeightTypes = alike("bf16"),
): ServedModel {
  const ff = model.feedForward;
  const expertLayers = ff.experts > 0 ? model.layers - ff.denseLayers : 0;
  const attention = {
    windowTokens: null,
    chunked: false,
    queryHeads: model.queryHeads,
    kvHeads: model.kvHeads,
    headSize: model.headSize,
    valueHeadSize: model.headSize,
  };
  const layers: ServedLayer[] = [
    {
      count: model.layers - expertLayers,
      ...attention,
      feedForward: {
        denseIntermediate: ff.denseIntermediate,
        gated: true,
        experts: 0,
        expertsPerToken: 0,
        expertIntermediate: 0,
      },
    },
    {
      count: expertLayers,
      ...attention,
      feedForward: {
        denseIntermediate: ff.sharedExperts * ff.expertIntermediate,
        gated: true,
        experts: ff.experts,
        expertsPerToken: ff.expertsPerToken,
        expertIntermediate: ff.expertIntermediate,
      },
    },
  ];
  return {
    name: model.name,
    hidden: model.hiddenSize,
    vocabulary: model.vocabularySize,
    tiedEmbeddings: model.tiedEmbeddings,
    layers: layers.filter(({ count }) => count > 0),
    attentionWeights: weights.attention,
    denseWeights: weights.dense,
    expertWeights: weights.experts,
    cacheBytes: 2,
    cacheReadBytes: 2,
  };
}

function alike(type: WeightType): WeightTypes {
  return { attention: type, dense: type, experts: type };
}

function weightTypeOf(bytes: number): WeightType {
  if (bytes > 1.5) return "bf16";
  return bytes > 0.8 ? "fp8" : "int4";
}

/** Where the ranks of a workload lie. */
export function placementOfWorkload({ tensorParallel, expertParallel }: Workload): Placement {
  return { tensorParallel, expertParallel: expertParallel ?? 1, pipelineParallel: 1 };
}
