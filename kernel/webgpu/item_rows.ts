/**
 * Sizes of work items: how many query rows (tokens × group) one takes.
 *
 * Up to eight rows go through the vector kernel, whose registers hold that many outputs beside the
 * keys in flight; more go through the tile kernel, which reads each key once for 32 or 64 rows.
 */

/** Most rows of an item of the vector kernel. */
export const MAX_VECTOR_ROWS = 8;

/** All sizes. */
export const ITEM_ROWS: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 32, 64];

/**
 * The size of items for a slot of so many packed rows.
 *
 * @example
 * ```ts
 * import { itemRowsOf } from "@headwise/headwise/kernel";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual([5, 8, 10, 40].map(itemRowsOf), [5, 8, 32, 64]);
 * ```
 */
export function itemRowsOf(packedRows: number): number {
  return packedRows <= MAX_VECTOR_ROWS ? packedRows : packedRows <= 32 ? 32 : 64;
}

/** Place of a size in `ITEM_ROWS`. */
export function itemRowsIndex(rows: number): number {
  return rows <= MAX_VECTOR_ROWS ? rows - 1 : rows === 32 ? 8 : 9;
}

/** Sizes that a slot with up to `maxTokens` tokens of `group` rows each may ask for. */
export function itemRowsUpTo(o: { group: number; maxTokens: number }): number[] {
  const sizes = new Set<number>();
  for (let tokens = 1; tokens <= Math.min(o.maxTokens, 64); tokens++) {
    sizes.add(itemRowsOf(tokens * o.group));
  }
  return [...sizes];
}
