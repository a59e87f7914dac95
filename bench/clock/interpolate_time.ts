/** Times between measured ones, in log space. */

import { solveLinear } from "../statistics/mod.ts";
import type { CallSize, TimedCall } from "./time_table.ts";

/** Furthest that a size may lie outside of the measured ones, as a factor on any one of them. */
export const MAX_EXTRAPOLATION = 1.5;
/** Measured calls that a time is interpolated from: twice the corners of a cell in three dimensions. */
const NEIGHBOURS = 16;
/** Keeps the fit solvable where neighbours lie in a plane: small beside distances of a factor of 2. */
const RIDGE = 1e-6;

/** A time that was interpolated. */
export interface InterpolatedTime {
  /** Milliseconds. */
  readonly milliseconds: number;
  /** How far the size lies outside of the measured ones, as a factor; 1 is inside. */
  readonly outsideFactor: number;
}

/**
 * Interpolates the time of a call: a plane through the logarithms of its neighbours, the nearest ones
 * weighing most, so that a measured size has its measured time.
 *
 * @returns The time, and how far outside of the measured sizes it lies.
 */
export function interpolateTime(calls: readonly TimedCall[], size: CallSize): InterpolatedTime {
  const target = logs(size);
  const outsideFactor = outside(calls, target);
  const near = calls
    .map((call) => ({ call, distance: distanceOf(logs(call), target) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, NEIGHBOURS);
  const same = near.filter(({ distance }) => distance < 1e-9);
  if (same.length > 0) {
    const sum = same.reduce((total, { call }) => total + call.milliseconds, 0);
    return { milliseconds: sum / same.length, outsideFactor };
  }
  return { milliseconds: Math.exp(planeAt(near, target)), outsideFactor };
}

/**
 * How far each call's time lies from the one interpolated without it, for calls that the others enclose.
 */
export function leaveOutErrors(calls: readonly TimedCall[]): number[] {
  return calls.flatMap((call, index) => {
    const others = calls.filter((other, place) =>
      place !== index && distanceOf(logs(other), logs(call)) > 1e-9
    );
    if (others.length < 2) return [];
    const { milliseconds, outsideFactor } = interpolateTime(others, call);
    return outsideFactor > 1 ? [] : [Math.abs(milliseconds / call.milliseconds - 1)];
  });
}

function logs(size: CallSize): readonly number[] {
  return [size.sequences, size.queryTokens, size.contextTokens].map(Math.log);
}

function distanceOf(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + (value - b[index]) ** 2, 0);
}

function outside(calls: readonly TimedCall[], target: readonly number[]): number {
  const all = calls.map(logs);
  const factors = target.map((value, axis) => {
    const values = all.map((point) => point[axis]);
    return Math.exp(Math.max(Math.min(...values) - value, value - Math.max(...values), 0));
  });
  return Math.max(...factors);
}

/** Value at a point of the plane a + b·(x − target) that fits best, neighbours weighed by 1/distance. */
function planeAt(
  near: readonly { readonly call: TimedCall; readonly distance: number }[],
  target: readonly number[],
): number {
  const size = target.length + 1;
  const matrix = Array.from({ length: size }, () => new Float64Array(size + 1));
  for (const { call, distance } of near) {
    const point = logs(call);
    const row = [1, ...point.map((value, axis) => value - target[axis])];
    const weight = 1 / distance;
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) matrix[i][j] += weight * row[i] * row[j];
      matrix[i][size] += weight * row[i] * Math.log(call.milliseconds);
    }
  }
  const scale = matrix[0][0];
  for (let i = 1; i < size; i++) matrix[i][i] += RIDGE * scale;
  return solveLinear(matrix)[0];
}
