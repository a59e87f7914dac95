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
    Object.entries(kinds).map(([name, kind]) => [name, createColumn(kind, capacity)]),
  ) as Columns<K>;
}

/** Gives columns another capacity; one after the other, so that not all of them are held twice. */
export function resizeColumns<K extends ColumnKinds>(
  columns: Columns<K>,
  kinds: K,
  capacity: number,
): void {
  for (const name in kinds) {
    const resized = createColumn(kinds[name], capacity) as Columns<K>[typeof name];
    resized.set(columns[name].subarray(0, capacity));
    columns[name] = resized;
  }
}

/**
 * Drops the first places of columns, whose capacity stays: new ones for every stretch of a long replay
 * would be garbage too old to be collected soon.
 */
export function dropPlaces<K extends ColumnKinds>(
  columns: Columns<K>,
  kinds: K,
  dropped: number,
): void {
  for (const name in kinds) {
    const [, fill = 0] = kinds[name];
    const column = columns[name];
    column.copyWithin(0, dropped).fill(fill, Math.max(0, column.length - dropped));
  }
}

function createColumn([array, fill = 0]: ColumnKinds[string], capacity: number): Column {
  const column = new array(capacity);
  return fill === 0 ? column : column.fill(fill);
}
