/**
 * The stated cost of everything but attention: weights read and matrix products done.
 *
 * Every step reads the weights of the projections, of dense and shared feed-forward blocks, of the
 * routers and of the output projection once, and those of the routed experts that at least one of
 * its T tokens visits. With uniform routing that is E·(1 − (1 − k/E)^T) of E experts when a token
 * visits k. Activations, collectives, norms and sampling are left out.
 */

import { localHeads, type Workload } from "../../fixtures/mod.ts";
import type { RestOfLayerStatement, ResultCeilings } from "../result/mod.ts";

/** Sizes of the modelled rest of a step, of one rank. */
export interface RestOfLayer {
  /** Weights that every step reads, the output projection left out, in bytes. */
  readonly fixedWeightBytes: number;
  /** Weights of the output projection, in bytes. */
  readonly outputProjectionBytes: number;
  /** Weights of one routed expert of one layer, in bytes. */
  readonly expertBytes: number;
  /** Routed experts a layer, E. */
  readonly experts: number;
  /** Routed experts that one token visits, k. */
  readonly expertsPerToken: number;
  /** Layers with routed experts. */
  readonly expertLayers: number;
  /** Operations of one token through all layers. */
  readonly flopsPerToken: number;
  /** Operations of the output projection for one sampled row. */
  readonly flopsPerSampledRow: number;
  /** Bytes per second from device memory. */
  readonly memoryBytesPerSecond: number;
  /** Floating-point operations per second. */
  readonly flopsPerSecond: number;
  /** Milliseconds of a step's rest from a card's profile; ceilings are not used where it is given. */
  readonly measuredMs?: (step: RestStep) => number;
}

/** What the rest of a step depends on. */
export interface RestStep {
  /** New tokens. */
  readonly tokens: number;
  /** Rows whose next token is sampled. */
  readonly sampledRows: number;
}

/**
 * Works out the sizes of the modelled rest.
 *
 * @param workload Model, ranks and bytes of a weight.
 */
export function restOfLayer(workload: Workload, ceilings: ResultCeilings): RestOfLayer {
  const { model, tensorParallel, weightBytesPerParameter } = workload;
  const { hiddenSize, headSize, layers, feedForward } = model;
  const { kvHeads, queryHeads } = localHeads(model, tensorParallel);
  const attention = hiddenSize * headSize * (2 * queryHeads + 2 * kvHeads);
  const gated = (intermediate: number): number => 3 * hiddenSize * intermediate / tensorParallel;
  const expertLayers = feedForward.experts > 0 ? layers - feedForward.denseLayers : 0;
  const denseLayers = layers - expertLayers;
  const expert = gated(feedForward.expertIntermediate);
  const router = hiddenSize * feedForward.experts;
  const fixed = layers * attention + denseLayers * gated(feedForward.denseIntermediate) +
    expertLayers * (router + feedForward.sharedExperts * expert);
  const visited = fixed + expertLayers * feedForward.expertsPerToken * expert;
  const output = hiddenSize * model.vocabularySize / tensorParallel;
  return {
    fixedWeightBytes: fixed * weightBytesPerParameter,
    outputProjectionBytes: output * weightBytesPerParameter,
    expertBytes: expertLayers === 0 ? 0 : expert * weightBytesPerParameter,
    experts: feedForward.experts,
    expertsPerToken: feedForward.expertsPerToken,
    expertLayers,
    flopsPerToken: 2 * visited,
    flopsPerSampledRow: 2 * output,
    memoryBytesPerSecond: ceilings.memoryBytesPerSecond,
    flopsPerSecond: ceilings.flopsPerSecond,
  };
}

/** Routed experts that at least one of `tokens` tokens visits, expected under uniform routing. */
export function expectedExperts(rest: RestOfLayer, tokens: number): number {
  if (rest.experts === 0) return 0;
  return rest.experts * (1 - (1 - rest.expertsPerToken / rest.experts) ** tokens);
}

/** Milliseconds of the modelled rest of a step: layers, then the output projection. */
export function restMs(
  rest: RestOfLayer,
  step: RestStep,
): number {
  if (step.tokens === 0) return 0;
  if (rest.measuredMs !== undefined) return rest.measuredMs(step);
  const weightBytes = rest.fixedWeightBytes +
    rest.expertLayers * rest.expertBytes * expectedExperts(rest, step.tokens);
  const layers = Math.max(
    weightBytes / rest.memoryBytesPerSecond,
    step.tokens * rest.flopsPerToken / rest.flopsPerSecond,
  );
  const output = step.sampledRows === 0 ? 0 : Math.max(
    rest.outputProjectionBytes / rest.memoryBytesPerSecond,
    step.sampledRows * rest.flopsPerSampledRow / rest.flopsPerSecond,
  );
  return (layers + output) * 1000;
}

const PROFILE_ASSUMPTIONS: readonly string[] = [
  "rest = every product, block of experts, pass, norm, sampling and all-reduce of a step at its time " +
  "in the card's profile, interpolated in logarithms",
  "experts read a layer = E·(1 − (1 − k/E)^T): uniform routing of T tokens, k of E experts each",
  "norms are fused with residuals, the rotation with the write to the cache",
  "left out: what an engine adds to its kernels",
];

/**
 * States the modelled rest for a result.
 *
 * @returns The sizes and the assumptions behind them.
 */
export function describeRestOfLayer(rest: RestOfLayer): RestOfLayerStatement {
  return {
    fixedWeightBytes: rest.fixedWeightBytes + rest.outputProjectionBytes,
    expertBytes: rest.expertBytes,
    flopsPerToken: rest.flopsPerToken,
    assumptions: rest.measuredMs !== undefined ? PROFILE_ASSUMPTIONS : [
      "rest = max(weight bytes / memory ceiling, tokens · operations / operations ceiling), " +
      "once over all layers and once for the output projection of the sampled rows",
      "operations = 2 · weights that a token visits",
      "experts read a layer = E·(1 − (1 − k/E)^T): uniform routing of T tokens, k of E experts each",
      "left out: activations, collectives between ranks, norms, rotary embedding, sampling, launch " +
      "gaps",
    ],
  };
}
