/** Problems whose rows are laid out again in pages of another size. */
import {
  type AppendProblem,
  type AttentionProblem,
  cacheElements,
  pageIdLimit,
  STORAGE_FORMATS,
} from "../kernel/mod.ts";
import { Mismatch } from "./outcome.ts";

type CacheProblem = AttentionProblem | AppendProblem;

/** Elements that stand in one cache at `from`, and in the other at `to`. */
interface Copy {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** A problem in other pages, and the way back. */
export interface Repaged<P extends CacheProblem> {
  readonly problem: P;
  /** Whether a page has tokens of a hole beside others, so that a write to it would not be dropped. */
  readonly mixesHoles: boolean;
  /**
   * What an append left in the pages that the problem came with.
   *
   * @throws {Mismatch} If anything changed that no row names.
   */
  readonly back: (side: "keys" | "values", after: Uint16Array) => Uint16Array;
}

/**
 * Lays rows out again in pages of another size, in descending order of ids. A page is a hole where all
 * of it was one; where a part of it was, that part is poisoned. Ids out of the pool stay so.
 *
 * @param given A problem in 16 bits whose sizes agree.
 */
export function repage<P extends CacheProblem>(given: P, pageSizeTokens: number): Repaged<P> {
  const { shape } = given;
  const columns = Math.max(1, Math.ceil(shape.columns * shape.pageSizeTokens / pageSizeTokens));
  const rows = given.table.length / shape.columns;
  const pieces = Array.from({ length: rows * columns }, (_, index) => {
    const row = Math.floor(index / columns);
    return pieceOf(given, { row, firstToken: index % columns * pageSizeTokens, pageSizeTokens });
  });
  const numbers = numberPieces(given, pieces, columns);
  // A page that no row names is left in front, and one behind.
  const limit = numbers.most + 2;
  const pages = shape.layout === "pooled" ? Math.ceil(limit / shape.kvHeads) : limit;
  const resized = {
    ...shape,
    pageSizeTokens,
    columns,
    pages,
    ...(shape.layout === "pooled" ? { poolPages: limit } : {}),
  };
  const copies: Copy[] = [];
  const table = Int32Array.from(pieces, (piece, index) => {
    const wrong = piece.ids.find((id) => id < -1 || id >= pageIdLimit(shape));
    if (wrong !== undefined) return wrong < 0 ? wrong : Math.min(limit + wrong, 2 ** 31 - 1);
    const number = numbers.of(index);
    if (number === null) return -1;
    const id = limit - 2 - number;
    copies.push(...copiesOf(given, piece, { id, row: Math.floor(index / columns), resized }));
    return id;
  });
  const laidOut = (side: "keys" | "values"): Uint16Array => {
    const bits = new Uint16Array(cacheElements(resized)).fill(
      STORAGE_FORMATS[shape.storage].quietNan,
    );
    for (const { from, to, count } of copies) {
      bits.set(given[side].subarray(from, from + count), to);
    }
    return bits;
  };
  const problem = {
    ...given,
    shape: resized,
    table,
    keys: laidOut("keys"),
    values: laidOut("values"),
  };
  return {
    problem,
    mixesHoles: pieces.some(({ ids }) => ids.includes(-1) && ids.some((id) => id >= 0)),
    back: (side, after) => {
      const expected = problem[side].slice();
      const bits = given[side].slice();
      for (const { from, to, count } of copies) {
        const now = after.subarray(to, to + count);
        expected.set(now, to);
        bits.set(now, from);
      }
      const at = after.findIndex((element, index) => element !== expected[index]);
      if (at >= 0 || after.length !== expected.length) {
        throw new Mismatch(`Element ${at} of the ${side} changed, which no row names`, null);
      }
      return bits;
    },
  };
}

/** A page of a row as it is to be, in what it is made of. */
interface Piece {
  /** Pages that it holds tokens of, in order; −1 where there is none. */
  readonly ids: readonly number[];
  readonly tokens: number;
  /** Tokens of the first one that come before. */
  readonly skipped: number;
}

function pieceOf(
  { shape, table }: CacheProblem,
  o: { row: number; firstToken: number; pageSizeTokens: number },
): Piece {
  const before = shape.pageSizeTokens;
  const first = Math.floor(o.firstToken / before);
  const count = Math.max(1, o.pageSizeTokens / before);
  const ids = Array.from({ length: count }, (_, index) => {
    const column = first + index;
    return column < shape.columns ? table[o.row * shape.columns + column] ?? -1 : -1;
  });
  return {
    ids,
    tokens: Math.min(before, o.pageSizeTokens),
    skipped: o.firstToken % before,
  };
}

/** Numbers pages within their pools; pieces that are the same page have one number. */
function numberPieces(
  { shape }: CacheProblem,
  pieces: readonly Piece[],
  columns: number,
): { readonly of: (index: number) => number | null; readonly most: number } {
  const known = new Map<string, number>();
  const counts = new Map<number, number>();
  const numbers = pieces.map(({ ids, skipped }, index) => {
    if (ids.every((id) => id === -1)) return null;
    const pool = shape.layout === "headwise" ? Math.floor(index / columns) % shape.kvHeads : 0;
    const key = `${pool}:${skipped}:${ids.join()}`;
    const number = known.get(key) ?? counts.get(pool) ?? 0;
    if (!known.has(key)) counts.set(pool, number + 1);
    known.set(key, number);
    return number;
  });
  return { of: (index) => numbers[index] ?? null, most: Math.max(0, ...counts.values()) };
}

function copiesOf(
  { shape }: CacheProblem,
  piece: Piece,
  o: { readonly id: number; readonly row: number; readonly resized: CacheProblem["shape"] },
): Copy[] {
  const { layout, kvHeads, headSize } = shape;
  const all = Array.from({ length: kvHeads }, (_, head) => head);
  const heads = layout === "uniform" ? all : [o.row % kvHeads];
  const start = (page: number, head: number, { pageSizeTokens }: { pageSizeTokens: number }) =>
    (layout === "pooled" ? page : page * kvHeads + head) * pageSizeTokens * headSize;
  return piece.ids.flatMap((id, index) =>
    id < 0 ? [] : heads.map((head) => ({
      from: start(id, head, shape) + piece.skipped * headSize,
      to: start(o.id, head, o.resized) + index * piece.tokens * headSize,
      count: piece.tokens * headSize,
    }))
  );
}
