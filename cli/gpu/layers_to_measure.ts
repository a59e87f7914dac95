import { tokenBytes } from "../../allocator/mod.ts";
import type { RunnerSettings } from "../../bench/mod.ts";

/** Caches that alternate together exceed every last-level cache by far. */
const ROTATED_BYTES = 2 ** 29;

/**
 * Chooses how many layers get caches of their own: enough that a step does not find the step before
 * in a last-level cache, and at least two where the model has them.
 */
export function layersToMeasure(settings: RunnerSettings): number {
  const { shape, layersPerGroup } = settings;
  const tokenOfHead = tokenBytes(shape.keyFormat, shape.headSize) +
    tokenBytes(shape.valueFormat, shape.headSize);
  const headPages = shape.layout === "pooled"
    ? shape.poolPages ?? shape.pages * shape.kvHeads
    : shape.pages * shape.kvHeads;
  const layerBytes = headPages * shape.pageSizeTokens * tokenOfHead;
  return Math.min(layersPerGroup, Math.max(2, Math.ceil(ROTATED_BYTES / layerBytes)));
}
