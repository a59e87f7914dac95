/** Microseconds of attention on a card, prompts and decode apart. */

import { type Card, carryOver, missing, roofUs } from "./card_costs.ts";
import { alongCurve, between, placeInside } from "./interpolate.ts";

/** Heads of one rank in one layer, and their cache. */
export interface AttentionShape {
  readonly queryHeads: number;
  readonly kvHeads: number;
  /** Elements of a head of queries and keys. */
  readonly headSize: number;
  /** Elements of a head of values. */
  readonly valueHeadSize: number;
  /** Bytes of one cached element. */
  readonly cacheBytes: number;
}

type Sized = Pick<AttentionShape, "queryHeads" | "kvHeads" | "headSize">;

/** The measured shape that is most alike: head size first, then group, then heads. */
function nearestShape<T extends Sized & { microseconds: readonly (readonly (number | null)[])[] }>(
  shapes: readonly T[],
  shape: AttentionShape,
): T | undefined {
  const far = (measured: T): number => {
    const group = shape.queryHeads / shape.kvHeads;
    return 4 * Math.abs(Math.log(measured.headSize / shape.headSize)) +
      Math.abs(Math.log(measured.queryHeads / measured.kvHeads / group)) +
      Math.abs(Math.log(measured.queryHeads / shape.queryHeads));
  };
  let best: T | undefined;
  for (const measured of shapes) {
    if (measured.microseconds.every((line) => line.every((us) => us === null))) continue;
    if (best === undefined || far(measured) < far(best)) best = measured;
  }
  return best;
}

/** Pairs of query and key that a causal row of `query` new tokens over `cached` ones sees. */
export function visiblePairs(
  { query, cached }: { query: number; cached: number },
  windowTokens: number | null,
): number {
  const all = query * cached + query * (query + 1) / 2;
  if (windowTokens === null || cached + query <= windowTokens) return all;
  if (cached >= windowTokens) return query * windowTokens;
  const growing = windowTokens - cached;
  return growing * cached + growing * (growing + 1) / 2 + (query - growing) * windowTokens;
}

/** Microseconds of attention of one prompt's chunk in one layer. */
export function promptUs(
  card: Card,
  shape: AttentionShape,
  o: { query: number; cached: number; windowTokens: number | null; kernel: string },
): number {
  const grid = card.profile.prompts.find(({ kernel }) => kernel === o.kernel);
  const measured = grid === undefined ? undefined : nearestShape(grid.shapes, shape);
  if (grid === undefined || measured === undefined) throw missing(card, `prompts by ${o.kernel}`);
  const near = o.windowTokens === null ? o.cached : Math.min(o.cached, o.windowTokens);
  const query = placeInside(grid.promptTokens, o.query, "a prompt");
  const cached = placeInside(grid.cachedTokens, near, "cached tokens");
  // Operations a microsecond that the measured shape reached.
  const rate = (p: number): number => {
    const rateOf = (us: number, c: number): number => {
      const at = { query: grid.promptTokens[p], cached: grid.cachedTokens[c] };
      const pairs = at.cached === 0 || grid.masked
        ? visiblePairs(at, null)
        : at.query * (at.query + at.cached);
      return 4 * measured.queryHeads * measured.headSize * pairs / us;
    };
    return alongCurve(measured.microseconds[p], cached, rateOf) ?? 1;
  };
  const pairs = visiblePairs(o, o.windowTokens);
  const flops = 2 * shape.queryHeads * (shape.headSize + shape.valueHeadSize) * pairs;
  const measuredUs = flops / between(rate(query.low), rate(query.high), query.share);
  const roof = (ceilings: Card["ceilings"]): number =>
    roofUs(ceilings, { bytes: 0, flops, type: "bf16" });
  return carryOver(measuredUs, { there: roof(card.reference), here: roof(card.ceilings) });
}

/**
 * Microseconds of attention of decode rows in one layer: `requests` rows that see `tokens` cached
 * tokens in all.
 */
export function decodeUs(
  card: Card,
  shape: AttentionShape,
  o: { requests: number; tokens: number; kernel: string },
): number {
  const grid = card.profile.decode.find(({ kernel }) => kernel === o.kernel);
  const measured = grid === undefined ? undefined : nearestShape(grid.shapes, shape);
  if (grid === undefined || measured === undefined) throw missing(card, `decode by ${o.kernel}`);
  if (o.requests === 0) return 0;
  // As many (request, KV head) pairs and as much of a cache as the measured shape had.
  const alike = o.requests * shape.kvHeads / measured.kvHeads;
  const context = o.tokens / o.requests;
  const requests = placeInside(grid.requests, alike, "requests");
  const along = placeInside(grid.contextTokens, context, "a context");
  const measuredBytes = measured.kvHeads * measured.headSize * 4;
  // Microseconds over microseconds at the ceiling: falls to 1 as rows get long.
  const slow = (r: number): number => {
    const shareOf = (us: number, c: number): number =>
      us * card.reference.bytesPerSecond /
      (grid.requests[r] * grid.contextTokens[c] * measuredBytes * 1e6);
    return alongCurve(measured.microseconds[r], along, shareOf) ?? 1;
  };
  const share = between(slow(requests.low), slow(requests.high), requests.share);
  const plain = o.tokens * shape.kvHeads * (shape.headSize + shape.valueHeadSize) * 2;
  const there = plain / card.reference.bytesPerSecond * 1e6;
  const here = plain * shape.cacheBytes / 2 / card.ceilings.bytesPerSecond * 1e6;
  // Below the measured grid a launch's own time remains.
  const floor = measured.microseconds[0][0] ?? 0;
  return carryOver(Math.max(floor * 0.8, there * share), { there, here });
}
