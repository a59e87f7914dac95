/** Sizes and addresses that follow from a shape and its layout. */

import type { AttentionShape } from "./problem.ts";

/**
 * Rows of the block table of one layer group.
 *
 * @returns B for `uniform`, B·H otherwise.
 */
export function layerTableRows(
  shape: Pick<AttentionShape, "layout" | "batch" | "kvHeads">,
): number {
  return shape.layout === "uniform" ? shape.batch : shape.batch * shape.kvHeads;
}

/** KV head that a query head reads: each serves Hq / H of them. */
export function kvHeadOf(
  { queryHeads, kvHeads }: Pick<AttentionShape, "queryHeads" | "kvHeads">,
  queryHead: number,
): number {
  return Math.floor(queryHead / (queryHeads / kvHeads));
}

/**
 * First id past the pool that a table entry names: entries are −1 or in [0, limit).
 *
 * @returns N, or the pooled tensor's pages.
 */
export function pageIdLimit(
  shape: Pick<AttentionShape, "layout" | "pages" | "kvHeads" | "poolPages">,
): number {
  return shape.layout === "pooled" ? shape.poolPages ?? shape.pages * shape.kvHeads : shape.pages;
}

/**
 * Elements of the key tensor, and of the value tensor.
 *
 * @returns N·H·P·D, or poolPages·P·D for `pooled`.
 */
export function cacheElements(
  shape: Pick<
    AttentionShape,
    "layout" | "pages" | "kvHeads" | "poolPages" | "pageSizeTokens" | "headSize"
  >,
): number {
  const headPages = shape.layout === "pooled" ? pageIdLimit(shape) : shape.pages * shape.kvHeads;
  return headPages * shape.pageSizeTokens * shape.headSize;
}

/** Index into the table of the entry that holds a position of a head. */
export function tableIndex(
  shape: Pick<AttentionShape, "layout" | "kvHeads" | "columns" | "pageSizeTokens">,
  at: { slot: number; head: number; positionTokens: number },
): number {
  const row = shape.layout === "uniform" ? at.slot : at.slot * shape.kvHeads + at.head;
  return row * shape.columns + Math.floor(at.positionTokens / shape.pageSizeTokens);
}

/**
 * Offset, in elements, of the key (and value) vector of a position in a page.
 *
 * @param at Page id of the layout's kind, KV head, and absolute position.
 * @returns ((id·H + h)·P + s)·D, or (id·P + s)·D for `pooled`, with s = position mod P.
 */
export function cacheOffset(
  shape: Pick<AttentionShape, "layout" | "kvHeads" | "pageSizeTokens" | "headSize">,
  at: { page: number; head: number; positionTokens: number },
): number {
  const headPage = shape.layout === "pooled" ? at.page : at.page * shape.kvHeads + at.head;
  const positionInPage = at.positionTokens % shape.pageSizeTokens;
  return (headPage * shape.pageSizeTokens + positionInPage) * shape.headSize;
}
