/**
 * Sizes of work items: how many query rows (tokens × group) one takes.
 *
 * Up to five rows go through the vector kernel, whose registers hold that many outputs beside the
 * keys and values in flight. A few more become several such items, which read the same pages side
 * by side; many go through the tile kernel, which reads each key once for 64 rows. Where matrices
 * multiply the rows, nine to sixteen of them are one item of one subgroup: its arithmetic costs the
 * same for any of them, and each key is read once.
 */

/** Most rows of an item of the vector kernel. */
export const MAX_VECTOR_ROWS = 5;

/** Up to so many rows, several vector items are faster than a tile that is mostly empty. */
const FEW_ROWS = 24;

/** Rows of an item that one matrix holds. */
export const MATRIX_ROWS = 16;

/** Up to eight rows, two vector items are faster: measured on an H200, see docs/kernel.md. */
const LEAST_MATRIX_ROWS = 9;

/** Rows of a tile. */
export const TILE_ROWS = 64;

/** All sizes. */
export const ITEM_ROWS: readonly number[] = [1, 2, 3, 4, 5, MATRIX_ROWS, TILE_ROWS];

/**
 * The size of items for a slot of so many packed rows: as few items as there can be, of nearly the
 * same size.
 *
 * @param packedRows Tokens × group of the slot.
 * @param hasMatrixRows Whether items of {@linkcode MATRIX_ROWS} have a program.
 * @returns One of {@linkcode ITEM_ROWS}.
 */
export function itemRowsOf(packedRows: number, hasMatrixRows = false): number {
  if (hasMatrixRows && packedRows >= LEAST_MATRIX_ROWS && packedRows <= MATRIX_ROWS) {
    return MATRIX_ROWS;
  }
  if (packedRows > FEW_ROWS) return TILE_ROWS;
  return Math.ceil(packedRows / Math.ceil(packedRows / MAX_VECTOR_ROWS));
}

/** Place of a size in `ITEM_ROWS`. */
export function itemRowsIndex(rows: number): number {
  return ITEM_ROWS.indexOf(rows);
}

/** Sizes that a slot with up to `maxTokens` tokens of `group` rows each may ask for. */
export function itemRowsUpTo(
  o: { group: number; maxTokens: number; hasMatrixRows: boolean },
): number[] {
  const sizes = new Set<number>();
  for (let tokens = 1; tokens <= Math.min(o.maxTokens, FEW_ROWS + 1); tokens++) {
    sizes.add(itemRowsOf(tokens * o.group, o.hasMatrixRows));
  }
  return [...sizes];
}

/** Sizes that one step asks for, given the query tokens of its slots. */
export function itemRowsOfSlots(
  queryLengths: Iterable<number>,
  o: { readonly group: number; readonly hasMatrixRows: boolean },
): number[] {
  const sizes = new Set<number>();
  for (const tokens of queryLengths) {
    if (tokens > 0) sizes.add(itemRowsOf(tokens * o.group, o.hasMatrixRows));
  }
  return [...sizes];
}
