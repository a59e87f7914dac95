/**
 * Sizes of work items: how many query rows (tokens × group) one takes.
 *
 * Up to 24 rows go through the vector kernel, one subgroup of which holds five or eight: as many
 * outputs as registers have room for beside the keys and values in flight. Many rows go through the
 * tile kernel, which reads each key once for 64 rows. Where matrices multiply the rows, some of them
 * are one item of one subgroup: its arithmetic costs the same for any of them, and each key is read
 * once.
 */

/** Most rows that one subgroup of the vector kernel holds, where a tuning does not say otherwise. */
export const MAX_VECTOR_ROWS = 5;

/** Elements of the outputs of a subgroup's rows: eight rows of 128 fill the registers. */
const MOST_SUBGROUP_ELEMENTS = 1024;

/** Up to so many rows, vector items are faster than a tile that is mostly empty. */
const FEW_ROWS = 24;

/** Rows of an item that one matrix holds. */
export const MATRIX_ROWS = 16;

/**
 * Fewest rows that are an item of matrices: at five vector items are faster, at eight matrices are, and in
 * between nothing was measured; eight of 64 elements are one vector item. See docs/kernel.md.
 */
export function leastMatrixRowsOf(headSize: number): number {
  return headSize === 64 ? 9 : 8;
}

/** Rows of a tile. */
export const TILE_ROWS = 64;

/** Sizes of items of the vector kernel. */
const VECTOR_ROWS = [1, 2, 3, 4, 5, 6, 7, 8] as const;

/** All sizes. */
export const ITEM_ROWS: readonly number[] = [...VECTOR_ROWS, MATRIX_ROWS, TILE_ROWS];

/** What decides the sizes besides the number of rows. */
export interface RowSizes {
  /** Fewest rows that are an item of matrices, {@linkcode MATRIX_ROWS} high; none if infinite. */
  readonly leastMatrixRows: number;
  /** Most rows that one subgroup of the vector kernel holds. @default {5} */
  readonly rowsOfSubgroup?: number;
}

/** Most rows that one subgroup holds: those of the tuning, if registers have room for as many. */
export function fittingRowsOfSubgroup(o: { headSize: number; rowsOfSubgroup?: number }): number {
  const { headSize, rowsOfSubgroup = MAX_VECTOR_ROWS } = o;
  return rowsOfSubgroup * headSize <= MOST_SUBGROUP_ELEMENTS ? rowsOfSubgroup : MAX_VECTOR_ROWS;
}

/**
 * The size of items for a slot of so many packed rows: as few items as there can be, of nearly the
 * same size.
 *
 * @returns One of {@linkcode ITEM_ROWS}.
 */
export function itemRowsOf(packedRows: number, o: RowSizes): number {
  if (packedRows >= o.leastMatrixRows && packedRows <= MATRIX_ROWS) {
    return MATRIX_ROWS;
  }
  if (packedRows > FEW_ROWS) return TILE_ROWS;
  const items = Math.ceil(packedRows / (o.rowsOfSubgroup ?? MAX_VECTOR_ROWS));
  return Math.ceil(packedRows / items);
}

/** Whether items of a size belong to the vector kernel. */
export function isVectorSize(itemRows: number): boolean {
  return itemRows < MATRIX_ROWS;
}

/** Place of a size in `ITEM_ROWS`. */
export function itemRowsIndex(rows: number): number {
  return ITEM_ROWS.indexOf(rows);
}

/** Sizes that a slot with up to `maxTokens` tokens of `group` rows each may ask for. */
export function itemRowsUpTo(o: RowSizes & { group: number; maxTokens: number }): number[] {
  const sizes = new Set<number>();
  for (let tokens = 1; tokens <= Math.min(o.maxTokens, FEW_ROWS + 1); tokens++) {
    sizes.add(itemRowsOf(tokens * o.group, o));
  }
  return [...sizes];
}

/** Sizes that one step asks for, given the query tokens of its slots. */
export function itemRowsOfSlots(
  queryLengths: Iterable<number>,
  o: RowSizes & { readonly group: number },
): number[] {
  const sizes = new Set<number>();
  for (const tokens of queryLengths) {
    if (tokens > 0) sizes.add(itemRowsOf(tokens * o.group, o));
  }
  return [...sizes];
}
