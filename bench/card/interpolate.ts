/** Interpolation in logarithms over measured grids. */

import { BenchError } from "../result/mod.ts";

/** A question is answered up to this factor beyond the first and the last measured point. */
export const MAX_EXTRAPOLATION = 8;

/** Where a value lies on an axis: two neighbours and the weight of the second. */
export interface AxisPlace {
  /** Index of the lower neighbour. */
  readonly low: number;
  /** Index of the upper neighbour. */
  readonly high: number;
  /** Share of the upper neighbour, 0…1. */
  readonly share: number;
}

/**
 * Finds a value on an ascending axis, in logarithms. Beyond its ends the end itself answers, up to
 * `MAX_EXTRAPOLATION`.
 *
 * @throws {BenchError} Farther outside, naming the axis, its range and the value.
 */
export function placeOnAxis(axis: readonly number[], value: number, name: string): AxisPlace {
  const last = axis.length - 1;
  if (!(value > axis[last])) {
    if (value <= axis[0]) {
      requireNear(value * MAX_EXTRAPOLATION >= axis[0], axis, { value, name });
      return { low: 0, high: 0, share: 0 };
    }
  } else {
    requireNear(value <= axis[last] * MAX_EXTRAPOLATION, axis, { value, name });
    return { low: last, high: last, share: 0 };
  }
  let high = 1;
  while (axis[high] < value) high++;
  const low = high - 1;
  // An axis may begin with 0, which has no logarithm.
  const share = axis[low] === 0
    ? value / axis[high]
    : Math.log(value / axis[low]) / Math.log(axis[high] / axis[low]);
  return { low, high, share };
}

/** The same, of the nearest value that the axis holds. */
export function placeInside(axis: readonly number[], value: number, name: string): AxisPlace {
  return placeOnAxis(axis, Math.min(axis[axis.length - 1], Math.max(axis[0], value)), name);
}

function requireNear(
  near: boolean,
  axis: readonly number[],
  { value, name }: { value: number; name: string },
): void {
  if (near) return;
  throw new BenchError(
    "bench/outside-profile",
    `The card's profile has no answer for ${name} ${value}: it was measured from ${axis[0]} to ` +
      `${axis[axis.length - 1]}, and beyond that a factor of ${MAX_EXTRAPOLATION} is the limit; ` +
      `measure a profile that covers it`,
  );
}

/** The value between two, in logarithms. */
export function between(low: number, high: number, share: number): number {
  return share === 0 ? low : low * (high / low) ** share;
}

/**
 * The value of a curve at a place. Where cells are missing the nearest measured one stands in, its
 * own index given to `valueOf`, so that what is interpolated should vary little.
 *
 * @param valueOf What is interpolated of a cell; the cell itself by default.
 * @returns Null where no cell was measured.
 */
export function alongCurve(
  cells: readonly (number | null)[],
  place: AxisPlace,
  valueOf: (cell: number, index: number) => number = (cell) => cell,
): number | null {
  const valueNear = (index: number): number | null => {
    const measured = nearestMeasured(cells, index);
    return measured < 0 ? null : valueOf(cells[measured]!, measured);
  };
  const low = valueNear(place.low);
  if (low === null || place.share === 0) return low;
  return between(low, valueNear(place.high)!, place.share);
}

/** Index of the nearest cell that was measured, the lower of two; -1 where there is none. */
function nearestMeasured(cells: readonly (number | null)[], index: number): number {
  const isMeasured = (at: number): boolean => (cells[at] ?? null) !== null;
  for (let step = 0; step < cells.length; step++) {
    if (isMeasured(index - step)) return index - step;
    if (isMeasured(index + step)) return index + step;
  }
  return -1;
}
