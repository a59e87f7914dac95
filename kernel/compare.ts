/** Judges a kernel's output against the oracle, in units of the error bound. */

import type { Arithmetic } from "./arithmetic.ts";
import { boundRow } from "./error_bound.ts";
import { type QueryRow, queryRows, visibleOffsets } from "./oracle_direct.ts";
import { ShapeError } from "./problem_error.ts";
import type { AttentionProblem, AttentionResult } from "./problem.ts";
import { createRowReader } from "./quantised/quantised_tensor.ts";
import { kvHeadOf } from "./shape.ts";
import { decodingTable } from "./storage_type.ts";

/** What to compare. */
export interface CompareOptions {
  /** The problem that the kernel solved. */
  readonly problem: AttentionProblem;
  /** [T, Hq, D]: bits of the storage type, or float32 values that were not rounded to it. */
  readonly output: Uint16Array | Float32Array;
  /** [T, Hq], compared where given. */
  readonly logSumExp?: Float32Array;
  /** A reference that is at hand already; computed row by row by default. */
  readonly oracle?: AttentionResult;
  /** Query rows to compare; all by default. */
  readonly samples?: readonly QueryRow[];
  /** [B] how the rows of each slot were computed; all in float32 by default. */
  readonly arithmetic?: readonly Arithmetic[];
}

/** The verdict. */
export interface Comparison {
  /** Whether every compared element lies inside its bound. */
  readonly ok: boolean;
  /** Largest |error| / bound; Infinity where a value is not finite and should be. */
  readonly worstBudgetUsed: number;
  /** Index of that element in `output`; −1 if it is a log-sum-exp or nothing was compared. */
  readonly worstIndex: number;
  /** Elements compared, log-sum-exps included. */
  readonly compared: number;
  /** Elements outside their bound. */
  readonly outside: number;
  /** Elements of which nothing is asked: sums may pass the range of the declared arithmetic there. */
  readonly unbounded: number;
  /** One sentence; names the worst element and its neighbours if it lies outside. */
  readonly message: string;
}

/**
 * |error| / bound; equal values (also infinities and NaN) use nothing of it. An infinite value whose
 * weight is flushed to 0 makes NaN.
 */
function budgetUsed(o: { got: number; expected: number; bound: number }): number {
  if (Object.is(o.got, o.expected) || o.got === o.expected) return 0;
  if (Math.abs(o.expected) === Infinity && Number.isNaN(o.got)) return 0;
  const used = Math.abs(o.got - o.expected) / o.bound;
  return Number.isNaN(used) ? Infinity : used;
}

/**
 * Tells whether NaN may have come to element d from a key that another query of the same step sees:
 * kernels multiply the tile's values by weights of 0, and 0 · NaN is NaN. What a slot's queries see is
 * gone through once, so that an answer of nothing but NaN is told as fast as any other.
 */
function reachedByOthers(p: AttentionProblem): (row: QueryRow, d: number) => boolean {
  const known = new Map<number, boolean[]>();
  const reached = (slot: number, head: number): boolean[] => {
    const readValue = createRowReader(p, "values");
    const queries = p.queryStarts[slot + 1] - p.queryStarts[slot];
    const seen = new Set<number>();
    for (let queryIndex = 0; queryIndex < queries; queryIndex++) {
      visibleOffsets(p, { slot, queryIndex, head }).forEach((offset) => seen.add(offset));
    }
    const elements = new Array<boolean>(p.shape.headSize).fill(false);
    for (const offset of seen) {
      const values = readValue(offset, head);
      for (let d = 0; d < elements.length; d++) elements[d] ||= !Number.isFinite(values[d]);
    }
    return elements;
  };
  return ({ slot, queryHead }, d) => {
    const head = kvHeadOf(p.shape, queryHead);
    const key = slot * p.shape.kvHeads + head;
    const elements = known.get(key) ?? reached(slot, head);
    known.set(key, elements);
    return elements[d];
  };
}

function checkSize(name: string, actual: number, expected: number): void {
  if (actual === expected) return;
  throw new ShapeError(
    `Cannot compare "${name}" of ${actual} elements with a reference of ${expected}: pass the ` +
      "kernel's whole result",
    "mixed/batch",
    { name, actual, expected },
  );
}

/** Elements d − 2 … d + 2 of a row, got and expected. */
function neighbours(
  o: { got: (d: number) => number; expected: Float64Array; element: number },
): string {
  const parts: string[] = [];
  const last = Math.min(o.expected.length - 1, o.element + 2);
  for (let d = Math.max(0, o.element - 2); d <= last; d++) {
    parts.push(`[${d}] ${o.got(d).toPrecision(6)} for ${o.expected[d].toPrecision(6)}`);
  }
  return parts.join(", ");
}

/**
 * Compares a kernel's output with the float64 reference, element by element, each against its own
 * error bound.
 *
 * @param o Problem, output and what else is at hand.
 * @returns The verdict, with the share of the bound that the worst element used.
 * @throws {ShapeError} When the output is not [T, Hq, D] or the log-sum-exps not [T, Hq].
 *
 * @example The reference itself, rounded to storage, passes; another problem's does not
 * ```ts
 * import {
 *   attendDirect, compareWithOracle, encodeValues, randomProblem,
 * } from "@headwise/headwise/kernel";
 * import assert from "node:assert/strict";
 *
 * const options = {
 *   shape: {
 *     batch: 1, queryHeads: 2, kvHeads: 1, headSize: 64, pageSizeTokens: 16, pages: 8, columns: 8,
 *     layout: "headwise", storage: "bf16",
 *   },
 *   queryLengths: [1],
 *   cachedLengths: [99],
 * } as const;
 * const problem = randomProblem({ seed: 1, ...options });
 * const output = encodeValues("bf16", attendDirect(problem).output);
 * assert.ok(compareWithOracle({ problem, output }).ok);
 * const other = randomProblem({ seed: 2, ...options });
 * assert.equal(compareWithOracle({ problem: other, output }).ok, false);
 * ```
 */
export function compareWithOracle(o: CompareOptions): Comparison {
  const { problem, output, logSumExp } = o;
  const { batch, queryHeads, headSize, storage } = problem.shape;
  const rowCount = problem.queryStarts[batch] * queryHeads;
  checkSize("output", output.length, rowCount * headSize);
  if (logSumExp !== undefined) checkSize("logSumExp", logSumExp.length, rowCount);
  const decoded = decodingTable(storage);
  const valueAt = output instanceof Float32Array
    ? (index: number) => output[index]
    : (index: number) => decoded[output[index]];
  const stored = output instanceof Float32Array ? "f32" : "storage";

  const isReachedByOthers = reachedByOthers(problem);
  let worst = { used: -1, index: -1, message: "" };
  let outside = 0;
  let compared = 0;
  let unbounded = 0;
  for (const row of o.samples ?? queryRows(problem)) {
    const arithmetic = o.arithmetic?.[row.slot];
    const bounded = boundRow(problem, row, {
      stored,
      ...(arithmetic === undefined ? {} : { arithmetic }),
    });
    const rowIndex = (problem.queryStarts[row.slot] + row.queryIndex) * queryHeads + row.queryHead;
    const base = rowIndex * headSize;
    const expected = o.oracle?.output.subarray(base, base + headSize) ?? bounded.output;
    const where = `slot ${row.slot}, query token ${row.queryIndex}, query head ${row.queryHead}`;
    for (let d = 0; d < headSize; d++) {
      const got = valueAt(base + d);
      const bound = bounded.outputBound[d];
      const isOthers = Number.isNaN(got) && Number.isFinite(expected[d]) &&
        isReachedByOthers(row, d);
      if (bound === Infinity || isOthers) {
        unbounded++;
        continue;
      }
      const used = budgetUsed({ got, expected: expected[d], bound });
      compared++;
      if (!(used <= 1)) outside++;
      if (!(used > worst.used)) continue;
      const message = used <= 1 ? "" : `element ${d} of ${where} is ${got} for ${expected[d]}, ` +
        `bound ${bounded.outputBound[d].toExponential(3)}; beside it ` +
        neighbours({ got: (element) => valueAt(base + element), expected, element: d });
      worst = { used, index: base + d, message };
    }
    if (logSumExp === undefined) continue;
    if (bounded.logSumExpBound === Infinity) {
      unbounded++;
      continue;
    }
    const reference = o.oracle?.logSumExp[rowIndex] ?? bounded.logSumExp;
    const used = budgetUsed({
      got: logSumExp[rowIndex],
      expected: reference,
      bound: bounded.logSumExpBound,
    });
    compared++;
    if (!(used <= 1)) outside++;
    if (!(used > worst.used)) continue;
    const message = `the log-sum-exp of ${where} is ${logSumExp[rowIndex]} for ${reference}, ` +
      `bound ${bounded.logSumExpBound.toExponential(3)}`;
    worst = { used, index: -1, message };
  }
  const worstBudgetUsed = Math.max(0, worst.used);
  return {
    ok: outside === 0,
    worstBudgetUsed,
    worstIndex: worst.index,
    compared,
    outside,
    unbounded,
    message: outside === 0
      ? `All ${compared} elements lie inside the bound, the worst uses ` +
        `${(100 * worstBudgetUsed).toFixed(1)} % of it` +
        (unbounded === 0 ? "" : `; ${unbounded} more are past what the arithmetic can hold`)
      : `${outside} of ${compared} elements lie outside the bound, the worst by a factor of ` +
        `${worstBudgetUsed.toPrecision(3)}: ${worst.message}`,
  };
}
