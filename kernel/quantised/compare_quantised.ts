/** Compares the quantised sides of a cache after an append with what should be there. */

import type { AppendProblem } from "../problem.ts";
import { ShapeError } from "../problem_error.ts";
import { formatClause } from "./check_quantised.ts";
import { type ExpectedRow, judgeRow } from "./judge_row.ts";
import { BLOCK_ELEMENTS, rowBytes } from "./quantised_format.ts";
import {
  type CacheSide,
  type QuantisedTensor,
  type RowPlace,
  sideFormat,
} from "./quantised_tensor.ts";

/** A token of one head that was written, and what it should hold. */
export interface WrittenRow extends RowPlace {
  /** Where it is, in words. */
  readonly where: string;
  readonly expected: ExpectedRow;
}

/** The first index where two arrays differ, bit for bit; −1 where they do not. */
export function firstDifference(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  for (let i = 0; i < expected.length; i++) {
    if (!Object.is(got[i], expected[i])) return i;
  }
  return -1;
}

/**
 * Judges every written row, and that nothing else changed.
 *
 * @param o The problem, the side, what the kernel gave, and the rows it should have written.
 * @returns What is wrong, or null.
 * @throws {ShapeError} When a tensor has another size than the problem's.
 */
export function compareQuantised(o: {
  problem: AppendProblem;
  side: CacheSide;
  before: QuantisedTensor;
  got: QuantisedTensor | undefined;
  written: readonly WrittenRow[];
}): string | null {
  const format = sideFormat(o.problem.shape, o.side)!;
  const { headSize } = o.problem.shape;
  const { before, got } = o;
  const name = o.side === "keys" ? "key" : "value";
  for (const part of ["codes", "scales"] as const) {
    const actual = got?.[part]?.length ?? 0;
    const expected = before[part]?.length ?? 0;
    if (actual === expected) continue;
    throw new ShapeError(
      `Cannot compare ${part} of the ${o.side}: ${actual} elements were given for ${expected}; ` +
        "pass the kernel's whole result",
      formatClause(format),
      { name: `${o.side}.${part}`, actual, expected },
    );
  }
  // Scales that tokens share are the problem's: a kernel does not give them back.
  const isOwn = format.granularity === "token" || format.granularity === "block";
  const tensor = { ...before, codes: got!.codes, ...(isOwn ? { scales: got!.scales! } : {}) };
  for (const { where, expected, ...at } of o.written) {
    const wrong = judgeRow({ tensor, format, headSize }, at, expected);
    if (wrong !== null) return `The ${name} of ${where} is not quantised as it must be: ${wrong}`;
  }
  const stride = rowBytes(format, headSize);
  const scaleStride = format.granularity === "block" ? headSize / BLOCK_ELEMENTS : 1;
  const codes = got!.codes.slice();
  const scales = got!.scales?.slice();
  for (const { row } of o.written) {
    codes.set(before.codes.subarray(row * stride, (row + 1) * stride), row * stride);
    if (!isOwn) continue;
    const from = row * scaleStride;
    scales!.set(before.scales!.subarray(from, from + scaleStride), from);
  }
  const strayCode = firstDifference(codes, before.codes);
  if (strayCode >= 0) {
    return `Byte ${strayCode} of the ${name} codes changed, but no token was written there`;
  }
  const strayScale = before.scales === undefined ? -1 : firstDifference(scales!, before.scales);
  if (strayScale >= 0) {
    return `Scale ${strayScale} of the ${o.side} changed, but no token was written there`;
  }
  return null;
}
