/** Factors on parts of a step, fitted to measured results by least squares, with their error. */

import { z } from "zod";
import type { Stored } from "../../fixtures/mod.ts";
import { type CostFactors, NO_FACTORS } from "../card/mod.ts";
import { BenchError } from "../result/mod.ts";
import { solveLinear } from "../statistics/mod.ts";
import { describeIssues } from "../../fixtures/mod.ts";

/** Parts that a factor can be fitted to. */
export type FactorName = keyof CostFactors;

/** One measured result: what it is called, and its prediction beside it under some factors. */
export interface FitRow {
  /** Name of the result. */
  readonly name: string;
  /** ln(predicted / measured) of each of its figures. */
  readonly residuals: (factors: CostFactors) => readonly number[];
}

const fitSchema = z.strictObject({
  format: z.literal("headwise-fit/1"),
  card: z.string().min(1),
  workload: z.string().min(1),
  fittedTo: z.array(z.string()).min(1),
  factors: z.strictObject({
    promptAttention: z.number().positive(),
    decodeAttention: z.number().positive(),
    products: z.number().positive(),
    weightReads: z.number().positive(),
    stepOverheadMs: z.number().nonnegative(),
  }),
  fitted: z.array(z.string()).min(1),
  leaveOneOutError: z.strictObject({ median: z.number(), worst: z.number() }).nullable(),
});

/** A fit as it is stored. */
export type Fit = Stored<typeof fitSchema>;

/** Reads a fit. @throws {BenchError} When it is none, naming what is wrong. */
export function parseFit(text: string, { file }: { file: string }): Fit {
  let why: string;
  try {
    const checked = fitSchema.safeParse(JSON.parse(text));
    if (checked.success) return checked.data;
    why = describeIssues(checked.error);
  } catch (error) {
    why = `it is not JSON: ${(error as Error).message}`;
  }
  throw new BenchError(
    "bench/calibration",
    `Cannot read the fit "${file}": ${why}; write one with headwise calibrate --from`,
  );
}

/** Rounds of Gauss–Newton, and the step of its numeric derivatives in logarithms. */
const ROUNDS = 8;
const STEP = 0.02;
/** A factor stays within these. */
const LIMITS = [0.1, 10] as const;
/** An overhead is no factor: this many milliseconds times (e^x − 1), which begins at 0. */
const OVERHEAD_UNIT_MS = 5;

/**
 * Fits named factors to rows.
 *
 * @throws {BenchError} When there are fewer rows than factors: a fit would have no error to tell.
 */
export function fitFactors(
  rows: readonly FitRow[],
  names: readonly FactorName[],
): { factors: CostFactors; leaveOneOutError: Fit["leaveOneOutError"] } {
  if (rows.length < names.length) {
    throw new BenchError(
      "bench/calibration",
      `Cannot fit ${names.length} factors (${
        names.join(", ")
      }) to ${rows.length} results: give as ` +
        `many results, or fewer factors with --factors`,
    );
  }
  const factors = solve(rows, names);
  if (rows.length === names.length) return { factors, leaveOneOutError: null };
  const errors = rows.flatMap((row, index) => {
    const without = solve(rows.toSpliced(index, 1), names);
    return row.residuals(without).map((residual) => Math.expm1(Math.abs(residual)));
  }).sort((a, b) => a - b);
  const median = errors[errors.length >> 1];
  return { factors, leaveOneOutError: { median, worst: errors[errors.length - 1] } };
}

function solve(rows: readonly FitRow[], names: readonly FactorName[]): CostFactors {
  const values = names.map(() => 0);
  const at = (logarithms: readonly number[]): CostFactors => {
    const factors: Record<FactorName, number> = { ...NO_FACTORS };
    names.forEach((name, index) => {
      const factor = Math.exp(logarithms[index]);
      factors[name] = name === "stepOverheadMs"
        ? Math.max(0, OVERHEAD_UNIT_MS * (factor - 1))
        : factor;
    });
    return factors;
  };
  const residuals = (logarithms: readonly number[]): number[] =>
    rows.flatMap((row) => [...row.residuals(at(logarithms))]);
  let current = residuals(values);
  for (let round = 0; round < ROUNDS; round++) {
    const slopes = names.map((_, index) => {
      const moved = residuals(values.with(index, values[index] + STEP));
      return moved.map((residual, row) => (residual - current[row]) / STEP);
    });
    const step = leastSquares(slopes, current);
    // Half the step until it helps: predictions are no straight lines.
    let share = 1;
    for (; share > 1 / 64; share /= 2) {
      const tried = values.map((value, index) => clamp(value - share * step[index]));
      const found = residuals(tried);
      if (sumOfSquares(found) >= sumOfSquares(current)) continue;
      tried.forEach((value, index) => values[index] = value);
      current = found;
      break;
    }
    if (share <= 1 / 64) break;
  }
  return at(values);
}

function clamp(logarithm: number): number {
  return Math.min(Math.log(LIMITS[1]), Math.max(Math.log(LIMITS[0]), logarithm));
}

function sumOfSquares(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}

/** x that makes |A·x − b| least, A by columns, by the normal equations with a little damping. */
function leastSquares(columns: readonly (readonly number[])[], b: readonly number[]): number[] {
  const dot = (left: readonly number[], right: readonly number[]): number =>
    left.reduce((sum, value, index) => sum + value * right[index], 0);
  return solveLinear(columns.map((column, row) => [
    ...columns.map((other, index) => dot(column, other) + (row === index ? 1e-9 : 0)),
    dot(column, b),
  ]));
}
