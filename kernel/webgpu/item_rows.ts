/**
 * Sizes of work items: how many query rows (tokens × group) one takes.
 *
 * Up to eight rows go through the vector kernel, whose registers hold that many outputs beside the
 * keys in flight; more go through the tile kernel, which reads each key once for 64 or 128 rows.
 */

/** Most rows of an item of the vector kernel. */
export const MAX_VECTOR_ROWS = 8;

/** Up to so many rows, several vector items are faster than a tile that is mostly empty. */
const FEW_ROWS = 24;

/** All sizes. */
export const ITEM_ROWS: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 64, 128];

/**
 * The size of items for a slot of so many packed rows.
 *
 * @example
 * ```ts
 * import { itemRowsOf } from "@headwise/headwise/kernel";
 * import assert from "node:assert/strict";
 *
 * const sizes = [5, 8, 20, 40, 1000].map((rows) => itemRowsOf(rows, 128));
 * assert.deepEqual(sizes, [5, 8, 8, 64, 128]);
 * ```
 *
 * @param packedRows Tokens × group of the slot.
 * @param headSize D: the outputs of 128 rows of 256 elements do not fit a workgroup's registers.
 */
export function itemRowsOf(packedRows: number, headSize: number): number {
  if (packedRows <= MAX_VECTOR_ROWS) return packedRows;
  if (packedRows <= FEW_ROWS) return MAX_VECTOR_ROWS;
  return packedRows <= 64 || headSize > 128 ? 64 : 128;
}

/** Place of a size in `ITEM_ROWS`. */
export function itemRowsIndex(rows: number): number {
  return rows <= MAX_VECTOR_ROWS ? rows - 1 : ITEM_ROWS.indexOf(rows);
}

/** Sizes that a slot with up to `maxTokens` tokens of `group` rows each may ask for. */
export function itemRowsUpTo(
  o: { group: number; maxTokens: number; headSize: number },
): number[] {
  const sizes = new Set<number>();
  for (let tokens = 1; tokens <= Math.min(o.maxTokens, 128); tokens++) {
    sizes.add(itemRowsOf(tokens * o.group, o.headSize));
  }
  return [...sizes];
}
