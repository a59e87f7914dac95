/** Decode rows of the shapes in which arithmetics differ, one a problem or many in a batch. */

import { createRandom } from "../allocator/mod.ts";
import type { AttentionProblem } from "./problem.ts";
import { encodeValues, type StorageType } from "./storage_type.ts";

/** A row in float64; what is stored is rounded to the type. */
export interface RowSpec {
  readonly storage: StorageType;
  /** [D]. */
  readonly query: ArrayLike<number>;
  /** [keys][D]. */
  readonly keys: readonly ArrayLike<number>[];
  /** [keys][D]. */
  readonly values: readonly ArrayLike<number>[];
  /** Factor of the scores. */
  readonly scale?: number;
  /** Logit of a learned sink. */
  readonly sink?: number;
}

const PAGE_TOKENS = 16;

/** One slot, one head, keys in the order given, pages from id 0. */
export function rowProblem(o: RowSpec): AttentionProblem {
  const headSize = o.query.length;
  const columns = Math.ceil(o.keys.length / PAGE_TOKENS);
  const flat = (vectors: readonly ArrayLike<number>[]): Uint16Array => {
    const all = new Float64Array(columns * PAGE_TOKENS * headSize);
    vectors.forEach((vector, i) => all.set(vector, i * headSize));
    return encodeValues(o.storage, all);
  };
  return {
    shape: {
      batch: 1,
      queryHeads: 1,
      kvHeads: 1,
      headSize,
      pageSizeTokens: PAGE_TOKENS,
      pages: columns,
      columns,
      layout: "headwise",
      storage: o.storage,
    },
    query: encodeValues(o.storage, Float64Array.from(o.query)),
    keys: flat(o.keys),
    values: flat(o.values),
    table: Int32Array.from({ length: columns }, (_, i) => i),
    queryStarts: Int32Array.of(0, 1),
    cachedLengths: Int32Array.of(o.keys.length - 1),
    headWindows: Int32Array.of(0),
    sinkTokens: 0,
    ...(o.scale === undefined ? {} : { scale: o.scale }),
    ...(o.sink === undefined ? {} : { sinkLogits: Float32Array.of(o.sink) }),
  };
}

/**
 * Puts problems of one row each into one call, a slot each.
 *
 * @param rows Problems of {@linkcode rowProblem} with the same head size, storage type and scale.
 * @returns One problem; its pages are those of the rows, in order.
 */
export function batchRows(rows: readonly AttentionProblem[]): AttentionProblem {
  const [first] = rows;
  const columns = Math.max(...rows.map(({ shape }) => shape.columns));
  const joined = (part: (row: AttentionProblem) => Uint16Array): Uint16Array<ArrayBuffer> =>
    Uint16Array.from(rows.flatMap((row) => Array.from(part(row))));
  let pages = 0;
  const table = rows.flatMap((row) => {
    const start = pages;
    pages += row.shape.columns;
    return Array.from({ length: columns }, (_, i) => i < row.shape.columns ? start + i : -1);
  });
  return {
    ...first,
    shape: { ...first.shape, batch: rows.length, pages, columns },
    query: joined(({ query }) => query),
    keys: joined(({ keys }) => keys),
    values: joined(({ values }) => values),
    table: Int32Array.from(table),
    queryStarts: Int32Array.from({ length: rows.length + 1 }, (_, slot) => slot),
    cachedLengths: Int32Array.from(rows, ({ cachedLengths }) => cachedLengths[0]),
  };
}

/** Kinds of rows. */
export const ROW_KINDS = [
  "random",
  "peaked",
  "flat",
  "constant",
  "tied",
  "grouped",
  "opposed",
  "rising",
  "faint",
] as const;

/** One of {@linkcode ROW_KINDS}. */
export type RowKind = typeof ROW_KINDS[number];

/**
 * A row of a kind. `peaked`: one key in a few has all the weight; `flat`: nearly equal weights; `tied`:
 * equal ones, over values of one sign; `grouped`: keys of four directions; `opposed`: few keys with and
 * against a query whose elements round alike; `rising`: every key raises the maximum; `constant`: equal values; `faint`: small weights of large
 * values beside a large weight of none.
 */
export function rowOfKind(
  kind: RowKind,
  o: { seed: number; storage: StorageType; keys: number; headSize?: number },
): AttentionProblem {
  const random = createRandom(o.seed);
  const headSize = o.headSize ?? 64;
  const normal = (): Float64Array => Float64Array.from({ length: headSize }, random.nextNormal);
  const constant = (value: number): Float64Array => new Float64Array(headSize).fill(value);
  const positive = (): Float64Array =>
    Float64Array.from({ length: headSize }, () => 0.5 + random.nextFloat());
  const list = <T>(make: (i: number) => T): T[] =>
    Array.from({ length: o.keys }, (_, i) => make(i));
  const query = normal();
  const row = (rest: Omit<RowSpec, "storage" | "query"> & Partial<RowSpec>): AttentionProblem =>
    rowProblem({ storage: o.storage, query, ...rest });
  switch (kind) {
    case "random":
      return row({ keys: list(normal), values: list(normal) });
    case "peaked":
      return row({ keys: list(normal), values: list(normal), scale: 2 });
    case "flat":
      return row({
        keys: list(normal),
        values: list(positive),
        scale: 1e-3,
      });
    case "constant": {
      const value = positive();
      return row({
        keys: list(normal),
        values: list(() => value),
        scale: 1e-4,
      });
    }
    case "tied": {
      const [key, other] = [normal(), normal()];
      const share = random.nextBelow(4);
      return row({
        keys: list((i) => i % 4 < share ? other : key),
        values: list(positive),
      });
    }
    case "grouped": {
      const directions = [normal(), normal(), normal(), normal()];
      return row({
        keys: list((i) => directions[i % 4]),
        values: list((i) => constant((i % 4) - 1.5)),
      });
    }
    case "opposed": {
      const length = 0.25 + random.nextFloat();
      const push = random.nextFloat() * 0.2;
      return row({
        query: constant(length),
        keys: list((i) => constant(i % 2 === 0 ? 1 + push : -1)),
        values: list((i) => constant(i % 2 === 0 ? 1 : -1)),
        scale: 0.5 / headSize,
      });
    }
    case "faint": {
      const fall = 10 + 8 * random.nextFloat();
      return row({
        query: constant(1),
        keys: list((i) => constant(i === 0 ? 0 : -fall)),
        values: list((i) => constant(i === 0 ? 0 : 1000)),
        scale: 1 / headSize,
      });
    }
    case "rising": {
      const step = 0.05 + random.nextFloat() * 0.3;
      return row({
        query: constant(1),
        keys: list((i) => constant(step * i)),
        values: list((i) => constant(i % 2 === 0 ? 1 : -1)),
        scale: 1 / headSize,
      });
    }
  }
}
