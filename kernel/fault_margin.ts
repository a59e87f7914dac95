/**
 * How far the smallest fault moves an answer, in units of the interval that is accepted: below 1 a wrong
 * kernel may pass for a right one.
 */

import type { Arithmetic } from "./arithmetic.ts";
import { boundRow } from "./error_bound.ts";
import { attendDirectAt, type QueryRow, queryRows, rowWeights } from "./oracle_direct.ts";
import type { AttentionProblem } from "./problem.ts";
import { createRowReader } from "./quantised/quantised_tensor.ts";
import { kvHeadOf } from "./shape.ts";

/** One query row with its reference and what may be missed by. */
export interface BoundedRow {
  /** The row. */
  readonly row: QueryRow;
  /** [D] float64 reference. */
  readonly output: Float64Array;
  /** [D] largest error that is accepted. */
  readonly bound: Float64Array;
}

/**
 * References and bounds of every query row.
 *
 * @returns Rows in the order of slots, query tokens and query heads.
 */
export function boundRows(p: AttentionProblem, arithmetic: Arithmetic): BoundedRow[] {
  return queryRows(p).map((row) => {
    const { output, outputBound } = boundRow(p, row, { arithmetic });
    return { row, output, bound: outputBound };
  });
}

/** Which rows and elements a margin is taken over. */
export interface MarginOptions {
  /** Rows to look at; all by default. */
  readonly rows?: (row: QueryRow) => boolean;
}

/**
 * The least that losing one visible key moves a row, over rows and keys.
 *
 * @param bounded What {@linkcode boundRows} gives.
 * @returns Factor of the bound; Infinity where no row sees two keys.
 */
export function lostKeyMargin(
  p: AttentionProblem,
  bounded: readonly BoundedRow[],
  o: MarginOptions = {},
): number {
  const read = createRowReader(p, "values");
  let least = Infinity;
  for (const each of chosen(bounded, o)) {
    const { offsets, weights } = rowWeights(p, each.row);
    const head = kvHeadOf(p.shape, each.row.queryHead);
    for (let i = 0; offsets.length > 1 && i < offsets.length; i++) {
      const value = read(offsets[i], head);
      const moved = each.output.map((out, d) => (out - weights[i] * value[d]) / (1 - weights[i]));
      least = Math.min(least, marginOf(each, moved));
    }
  }
  return least;
}

/**
 * The least that seeing one hidden key more moves a row, over rows and keys that have a page.
 *
 * @param bounded What {@linkcode boundRows} gives.
 * @returns Factor of the bound; Infinity where no row hides a key that has a page.
 */
export function extraKeyMargin(
  p: AttentionProblem,
  bounded: readonly BoundedRow[],
  o: MarginOptions = {},
): number {
  const read = createRowReader(p, "values");
  const open = withoutMasks(p);
  let least = Infinity;
  for (const each of chosen(bounded, o)) {
    const seen = rowWeights(p, each.row);
    if (seen.offsets.length === 0) continue;
    const logDenominator = seen.scores[0] - Math.log(seen.weights[0]);
    const visible = new Set(seen.offsets);
    const all = rowWeights(open, each.row);
    all.offsets.forEach((offset, i) => {
      if (visible.has(offset)) return;
      const weight = Math.exp(all.scores[i] - logDenominator);
      const value = read(offset, kvHeadOf(p.shape, each.row.queryHead));
      const moved = each.output.map((out, d) => (out + weight * value[d]) / (1 + weight));
      least = Math.min(least, marginOf(each, moved));
    });
  }
  return least;
}

/**
 * The least that other problems, such as one of a forgotten sink, move a row that they change at all.
 *
 * @param bounded What {@linkcode boundRows} gives for the right problem.
 * @param altered Problems of the same rows as a wrong kernel reads them.
 * @returns Factor of the bound; Infinity where none of them changes a row.
 */
export function alteredMargin(
  bounded: readonly BoundedRow[],
  altered: Iterable<AttentionProblem>,
): number {
  let least = Infinity;
  for (const wrong of altered) {
    for (const each of bounded) {
      const moved = attendDirectAt(wrong, each.row).output;
      const changes = moved.some((value, d) => value !== each.output[d]);
      if (changes) least = Math.min(least, marginOf(each, moved));
    }
  }
  return least;
}

function chosen(bounded: readonly BoundedRow[], { rows }: MarginOptions): readonly BoundedRow[] {
  return rows === undefined ? bounded : bounded.filter(({ row }) => rows(row));
}

/** The same rows over every key that has a page, whatever the masks hide. */
function withoutMasks({ treeMask: _, ...p }: AttentionProblem): AttentionProblem {
  const tokens = p.queryStarts[p.shape.batch];
  const maskRanges = new Int32Array(2 * tokens);
  for (let slot = 0; slot < p.shape.batch; slot++) {
    const [start, end] = [p.queryStarts[slot], p.queryStarts[slot + 1]];
    for (let token = start; token < end; token++) {
      maskRanges[2 * token + 1] = p.cachedLengths[slot] + end - start;
    }
  }
  return { ...p, maskRanges, headWindows: new Int32Array(p.shape.kvHeads) };
}

/** How far the element that moves most, in units of its bound, moves; NaN moves without end. */
function marginOf({ output, bound }: BoundedRow, moved: ArrayLike<number>): number {
  let most = 0;
  for (let d = 0; d < output.length; d++) {
    const margin = Math.abs(moved[d] - output[d]) / bound[d];
    if (Number.isNaN(moved[d])) return Infinity;
    if (margin > most) most = margin;
  }
  return most;
}
