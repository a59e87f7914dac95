/** Flat arrays that grow. */

/** A column of numbers. */
export type Column = Float64Array | Int32Array | Uint8Array;

/**
 * Copies a column into one of another capacity.
 *
 * @param o Places that are left out in front, and what the new ones hold. @default {0, both}
 */
export function resized<A extends Column>(
  column: A,
  capacity: number,
  o: { readonly dropped?: number; readonly fill?: number } = {},
): A {
  const { dropped = 0, fill = 0 } = o;
  const create = column.constructor as new (length: number) => A;
  const array = new create(capacity);
  if (fill !== 0) array.fill(fill);
  array.set(column.subarray(dropped, dropped + capacity));
  return array;
}

/** Makes columns of a record twice as long. */
export function doubleColumns<K extends string>(
  columns: { [key in K]: Column },
  keys: readonly K[],
): void {
  for (const key of keys) columns[key] = resized(columns[key], columns[key].length * 2);
}
