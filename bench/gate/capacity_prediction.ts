/** What recycling can win by arithmetic, before anything is replayed. */

import type { HeadMap } from "../../allocator/mod.ts";
import type { CapacityPrediction } from "../result/mod.ts";

/** A workload's mean request and head map. */
export interface PredictionOptions {
  /** Head map of the measured rank. */
  readonly heads: HeadMap;
  /** Tokens of a page, P. */
  readonly pageSizeTokens: number;
  /** Total lengths of the requests, prompt and output, in tokens. */
  readonly lengthsTokens: readonly number[];
}

/**
 * Predicts the gain in concurrency that recycling can give on a cache that bounds the batch. With
 * one pool for all heads it is H·F / ((H−S)·F + S·R): F pages of a full head, R = min(F,
 * ceil((W−1)/P) + 1 + ceil(sink/P)) pages that a window head keeps. With a pool for each head a
 * page that a window head frees can only serve the same head of another request, and every request
 * needs F pages of each full head: the gain is 1 as soon as one head is full.
 *
 * @param o Head map, page size and lengths.
 */
export function predictCapacity(o: PredictionOptions): CapacityPrediction {
  const kinds = o.heads.groups.flatMap((group) => group.kinds);
  const heads = kinds.length;
  const windowHeads = kinds.filter((kind) => kind === "window").length;
  const { windowTokens, sinkTokens } = o.heads;
  const bound = Math.ceil((windowTokens - 1) / o.pageSizeTokens) + 1 +
    Math.ceil(sinkTokens / o.pageSizeTokens);
  let full = 0;
  let kept = 0;
  for (const length of o.lengthsTokens) {
    const pages = Math.ceil(length / o.pageSizeTokens);
    full += pages;
    kept += windowTokens === 0 ? pages : Math.min(pages, bound);
  }
  const requests = Math.max(1, o.lengthsTokens.length);
  const [fullHeadPages, windowHeadPages] = [full / requests, kept / requests];
  const mixed = (heads - windowHeads) * fullHeadPages + windowHeads * windowHeadPages;
  const pooledGain = mixed === 0 ? 1 : heads * fullHeadPages / mixed;
  const allWindow = windowHeads === heads && windowHeadPages > 0;
  const perHeadGain = allWindow ? fullHeadPages / windowHeadPages : 1;
  return {
    heads,
    windowHeads,
    fullHeadPages,
    windowHeadPages,
    pooledGain,
    perHeadGain,
    explanation: explain({ heads, windowHeads, fullHeadPages, windowHeadPages, pooledGain }),
  };
}

function explain(o: Omit<CapacityPrediction, "perHeadGain" | "explanation">): string {
  const { heads: h, windowHeads: s } = o;
  const [f, r] = [o.fullHeadPages.toFixed(1), o.windowHeadPages.toFixed(1)];
  const formula = `H·F / ((H−S)·F + S·R) = ${h}·${f} / (${h - s}·${f} + ${s}·${r}) = ` +
    `${o.pooledGain.toFixed(3)}`;
  if (s === 0) return `No head has a window, so recycling frees nothing: ${formula}`;
  if (s === h) return `Every head has a window, so both kinds of pools gain: ${formula}`;
  return `With a pool for each head, pages that ${s} window heads free stay with those heads, and ` +
    `each of the ${
      h - s
    } full heads still needs ${f} pages per request: the gain is 1. One pool for ` +
    `all heads gains ${formula}`;
}
