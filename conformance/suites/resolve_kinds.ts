/** Which heads of a rank are window heads, worked out from the clauses alone. */
import type { HeadKind } from "../../allocator/mod.ts";
import type { HeadRounding, Policies } from "../policies.ts";
import type { CacheSpec, HeadSpec } from "../subject.ts";

/**
 * Resolves the head kinds of a spec on its rank. Layers of the model with the same kinds form a
 * group; groups are split to the same number of layers, and stand in the order of their first one.
 */
export function resolveKinds(spec: CacheSpec, policies: Policies): HeadKind[][] {
  const { ranks, rank } = spec.tensorParallel;
  const heads = Math.max(1, Math.floor(spec.kvHeads / ranks));
  const first = spec.kvHeads < ranks ? Math.floor(rank * spec.kvHeads / ranks) : rank * heads;
  const ofRank = (kinds: readonly HeadKind[]): HeadKind[] => kinds.slice(first, first + heads);
  const { headRounding, patternScope } = policies;
  if (spec.windowTokens === 0 && spec.heads.kind === "pattern") {
    return [Array.from({ length: heads }, () => "full")];
  }
  if (spec.heads.kind === "layers") {
    const kinds = spec.heads.kindsByLayer.map((layer) =>
      layer.map((kind) => spec.windowTokens === 0 ? "full" : kind)
    );
    return groupLayers(kinds).map(ofRank);
  }
  return patternScope === "model"
    ? [ofRank(patternKinds(spec.heads, spec.kvHeads, headRounding))]
    : [patternKinds(spec.heads, heads, headRounding)];
}

/** Window heads of a pattern over `heads` heads. */
export function countWindowHeads(heads: number, ratio: number, rounding: HeadRounding): number {
  if (ratio === 0) return 0;
  const exact = heads * ratio;
  const rounded = {
    floor: Math.floor(exact),
    nearest: Math.round(exact),
    ceil: Math.ceil(exact),
  }[rounding.mode];
  return Math.min(heads, Math.max(rounding.least, rounded));
}

function patternKinds(
  { pattern, ratio }: Extract<HeadSpec, { kind: "pattern" }>,
  heads: number,
  rounding: HeadRounding,
): HeadKind[] {
  const count = countWindowHeads(heads, ratio, rounding);
  return Array.from({ length: heads }, (_, head) => {
    const isWindow = pattern === "first" ? head < count : head >= heads - count;
    return isWindow ? "window" : "full";
  });
}

function groupLayers(kindsByLayer: readonly (readonly HeadKind[])[]): HeadKind[][] {
  const layersOf = Map.groupBy(kindsByLayer.keys(), (layer) => kindsByLayer[layer]!.join());
  const size = [...layersOf.values()].map(({ length }) => length).reduce(greatestCommonDivisor, 0);
  return [...layersOf.values()]
    .flatMap((layers) => layers.filter((_, index) => index % size === 0))
    .sort((left, right) => left - right)
    .map((layer) => [...kindsByLayer[layer]!]);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
