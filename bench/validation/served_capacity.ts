/** Tokens of cache that a served model leaves room for. */

import {
  cacheBytesPerToken,
  type DataSheet,
  type Placement,
  type ServedModel,
  weightBytes,
} from "../card/mod.ts";
import type { Engine } from "./engines.ts";
import type { RunSettings } from "./run_flags.ts";

/** What bounds a cache. */
export interface CapacityOptions {
  readonly sheet: DataSheet;
  readonly engine: Engine;
  readonly placement: Placement;
  /** What the run's flags say of memory. */
  readonly settings: Partial<RunSettings>;
}

/** Tokens of cache beside the weights, and the tokens that a request of a length holds. */
export function capacityOf(
  model: ServedModel,
  o: CapacityOptions,
): { readonly tokens: number; readonly held: (lengthTokens: number) => number } {
  const parts = model.layers.map((layer) => ({
    bytes: layer.count * cacheBytesPerToken(layer, model, o.placement),
    window: layer.windowTokens,
  }));
  const all = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  // Asked for every row of every step, so without a call for each kind of layer.
  const held = (length: number): number => {
    let bytes = 0;
    for (const part of parts) {
      bytes += part.bytes * (part.window === null ? length : Math.min(length, part.window));
    }
    return bytes / all;
  };
  return { tokens: cacheBytes(model, o) / all, held };
}

/**
 * Bytes of one rank's cache. Engines state it in three ways: vLLM a share of the card that activations
 * are taken off, SGLang one of weights and cache alone, TensorRT-LLM and LMDeploy one of what is left.
 */
function cacheBytes(model: ServedModel, o: CapacityOptions): number {
  const { sheet, engine, placement, settings } = o;
  const { workspaceBytes } = engine.overhead;
  const weights = weightBytes(model) / (placement.tensorParallel * placement.pipelineParallel);
  if (settings.staticMemoryShare !== undefined) {
    return sheet.memoryBytes * settings.staticMemoryShare - weights;
  }
  const { maxBatchedTokens, partTokens = maxBatchedTokens } = engine.limits;
  const beside = workspaceBytes + partTokens * activationBytes(model, placement);
  if (settings.freeMemoryShare !== undefined) {
    return (sheet.memoryBytes - weights - beside) * settings.freeMemoryShare;
  }
  const share = settings.memoryShare ?? engine.overhead.memoryShare;
  return sheet.memoryBytes * share - weights - beside;
}

/** Bytes of activations of one token at the widest place of a rank's layers. */
function activationBytes({ hidden, layers }: ServedModel, { tensorParallel }: Placement): number {
  const widths = layers.map(({ feedForward: ff, queryHeads, headSize }) => {
    const block = 3 * (ff.denseIntermediate + ff.expertsPerToken * ff.expertIntermediate);
    return Math.max(block, 3 * queryHeads * headSize) / tensorParallel;
  });
  return 2 * (4 * hidden + Math.max(...widths));
}
