/** Columns of numbers that grow together: flat arrays of one length, declared once by name. */

type Column = Float64Array | Int32Array | Uint8Array;

/** The array of each column, and what its places hold before they are written. @default {0} */
export type ColumnKinds = Readonly<
  Record<string, readonly [array: new (length: number) => Column, fill?: number]>
>;

/** The columns of some kinds. */
export type Columns<K extends ColumnKinds> = { -readonly [N in keyof K]: InstanceType<K[N][0]> };

/** Creates columns of so many places each. */
export function createColumns<K extends ColumnKinds>(kinds: K, capacity: number): Columns<K> {
  return Object.fromEntries(
    Object.entries(kinds).map(([name, [array, fill = 0]]) => {
      const column = new array(capacity);
      return [name, fill === 0 ? column : column.fill(fill)];
    }),
  ) as Columns<K>;
}

/** Gives columns another capacity, leaving out the first `dropped` places. */
export function resizeColumns<K extends ColumnKinds>(
  columns: Columns<K>,
  kinds: K,
  capacity: number,
  dropped = 0,
): void {
  const resized: Record<string, Column> = createColumns(kinds, capacity);
  for (const name of Object.keys(kinds)) {
    resized[name].set(columns[name].subarray(dropped, dropped + capacity));
  }
  Object.assign(columns, resized);
}
