/** Caches of which only the pages exist that rows name, so that ids may be as large as they come. */
import type { AttentionProblem } from "../kernel/mod.ts";

/** A problem over a sparse cache. */
export interface SparseProblem {
  /** The problem: its ids count in the whole pool, and so do the sizes of its shape. */
  readonly problem: AttentionProblem;
  /** Pages that keys and values hold, in their order. */
  readonly pageIds: Int32Array;
}

/** Elements of keys that one id names: a page of one head, or of all of them. */
export function elementsOfId(
  { layout, kvHeads, pageSizeTokens, headSize }: AttentionProblem["shape"],
): number {
  return (layout === "pooled" ? 1 : kvHeads) * pageSizeTokens * headSize;
}

/** Spreads the pages of a dense problem over a pool of any size. */
export function spreadPages(
  dense: AttentionProblem,
  o: { readonly poolPages: number; readonly idOf: (page: number) => number },
): SparseProblem {
  const pages = dense.keys.length / elementsOfId(dense.shape);
  const { layout, kvHeads } = dense.shape;
  const table = dense.table.map((id) => id < 0 ? id : o.idOf(id));
  const shape = layout === "pooled"
    ? { ...dense.shape, pages: Math.ceil(o.poolPages / kvHeads), poolPages: o.poolPages }
    : { ...dense.shape, pages: o.poolPages };
  return {
    problem: { ...dense, shape, table },
    pageIds: Int32Array.from({ length: pages }, (_, page) => o.idOf(page)),
  };
}

/** The dense problem again; an id that no page has stays out of range, and is for a check to refuse. */
export function gatherPages({ problem, pageIds }: SparseProblem): AttentionProblem {
  const places = new Map(Array.from(pageIds, (id, place) => [id, place]));
  const { layout, kvHeads } = problem.shape;
  const table = problem.table.map((id) => id < 0 ? id : places.get(id) ?? pageIds.length);
  const { poolPages: _, ...sizes } = problem.shape;
  const shape = layout === "pooled"
    ? { ...sizes, pages: Math.ceil(pageIds.length / kvHeads), poolPages: pageIds.length }
    : { ...sizes, pages: pageIds.length };
  return { ...problem, shape, table };
}
