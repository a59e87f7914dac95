/** Sizes and addresses that follow from a shape and its layout. */

import type { AttentionShape } from "./problem.ts";

/**
 * Rows of the block table of one layer group.
 *
 * @param shape The shape.
 * @returns B for `uniform`, B·H otherwise.
 *
 * @example A head-wise table
 * ```ts
 * import { layerTableRows } from "@headwise/headwise/kernel";
 * import assert from "node:assert/strict";
 *
 * assert.equal(layerTableRows({ layout: "headwise", batch: 3, kvHeads: 2 }), 6);
 * assert.equal(layerTableRows({ layout: "uniform", batch: 3, kvHeads: 2 }), 3);
 * ```
 */
export function layerTableRows(
  shape: Pick<AttentionShape, "layout" | "batch" | "kvHeads">,
): number {
  return shape.layout === "uniform" ? shape.batch : shape.batch * shape.kvHeads;
}

/**
 * First id past the pool that a table entry names: entries are −1 or in [0, limit).
 *
 * @param shape The shape.
 * @returns N, or the pooled tensor's pages.
 *
 * @example Local and global ids
 * ```ts
 * import { pageIdLimit } from "@headwise/headwise/kernel";
 * import assert from "node:assert/strict";
 *
 * assert.equal(pageIdLimit({ layout: "headwise", pages: 8, kvHeads: 2 }), 8);
 * assert.equal(pageIdLimit({ layout: "pooled", pages: 8, kvHeads: 2 }), 16);
 * ```
 */
export function pageIdLimit(
  shape: Pick<AttentionShape, "layout" | "pages" | "kvHeads" | "poolPages">,
): number {
  return shape.layout === "pooled" ? shape.poolPages ?? shape.pages * shape.kvHeads : shape.pages;
}

/**
 * Elements of the key tensor, and of the value tensor.
 *
 * @param shape The shape.
 * @returns N·H·P·D, or poolPages·P·D for `pooled`.
 *
 * @example A small cache
 * ```ts
 * import { cacheElements } from "@headwise/headwise/kernel";
 * import assert from "node:assert/strict";
 *
 * const shape = { pages: 4, kvHeads: 2, pageSizeTokens: 16, headSize: 64 };
 * assert.equal(cacheElements({ layout: "headwise", ...shape }), 4 * 2 * 16 * 64);
 * ```
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

/**
 * Index into the table of the entry that holds a position of a head.
 *
 * @param shape The shape.
 * @param at Slot, KV head and absolute position.
 * @returns Index of the entry.
 *
 * @example Row b·H + h
 * ```ts
 * import { tableIndex } from "@headwise/headwise/kernel";
 * import assert from "node:assert/strict";
 *
 * const shape = { layout: "headwise", kvHeads: 2, columns: 10, pageSizeTokens: 16 } as const;
 * assert.equal(tableIndex(shape, { slot: 1, head: 1, positionTokens: 33 }), 3 * 10 + 2);
 * ```
 */
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
 * @param shape The shape.
 * @param at Page id of the layout's kind, KV head, and absolute position.
 * @returns ((id·H + h)·P + s)·D, or (id·P + s)·D for `pooled`, with s = position mod P.
 *
 * @example The two tensors
 * ```ts
 * import { cacheOffset } from "@headwise/headwise/kernel";
 * import assert from "node:assert/strict";
 *
 * const shape = { kvHeads: 2, pageSizeTokens: 16, headSize: 64 };
 * const at = { page: 3, head: 1, positionTokens: 17 };
 * assert.equal(cacheOffset({ layout: "headwise", ...shape }, at), ((3 * 2 + 1) * 16 + 1) * 64);
 * assert.equal(cacheOffset({ layout: "pooled", ...shape }, at), (3 * 16 + 1) * 64);
 * ```
 */
export function cacheOffset(
  shape: Pick<AttentionShape, "layout" | "kvHeads" | "pageSizeTokens" | "headSize">,
  at: { page: number; head: number; positionTokens: number },
): number {
  const headPage = shape.layout === "pooled" ? at.page : at.page * shape.kvHeads + at.head;
  const positionInPage = at.positionTokens % shape.pageSizeTokens;
  return (headPage * shape.pageSizeTokens + positionInPage) * shape.headSize;
}
