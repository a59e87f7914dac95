/** Which tunings there are to choose from. */

import { MATRIX_TUNINGS } from "./matrix_mapping.ts";
import type { AttendTuning } from "./program.ts";

/** A part of a tuning that is searched by itself; the matrix kernel's are listed as a whole. */
export type TuningPart = Exclude<
  keyof AttendTuning,
  | "matrix"
  | "rowsOfSubgroup"
  | "mergesInside"
  | "short"
  | "fixedQuery"
  | "valuesAhead"
>;

/** Values that each part of a tuning may be given when variants are measured. */
export const TUNING_AXES: Readonly<Record<TuningPart, readonly number[]>> = {
  subgroups: [1, 2, 4, 8],
  lanesPerKey: [2, 4, 8, 16],
  keysPerGroup: [1, 2, 4, 8],
  valuesInFlight: [1, 2, 4, 8, 16],
  parallelItems: [16, 132, 264, 528, 792, 1056, 2112],
};

/**
 * Whether a value, such as one from a file, is a tuning that programs can be generated for.
 *
 * @returns True where every part has one of its values and the parts go together.
 */
export function isAttendTuning(
  value: unknown,
  o: { readonly subgroupSize: number },
): value is AttendTuning {
  if (typeof value !== "object" || value === null) return false;
  const { matrix, short, rowsOfSubgroup, ...parts } = value as Record<
    string,
    unknown
  >;
  const { mergesInside, fixedQuery, valuesAhead, ...tuning } = parts;
  const axes = Object.entries(TUNING_AXES);
  return Object.keys(tuning).length === axes.length &&
    axes.every(([name, values]) => values.some((choice) => choice === tuning[name])) &&
    (matrix === undefined || isMatrixTuning(matrix)) &&
    (short === undefined || isShortTuning(short)) &&
    isRows(rowsOfSubgroup) &&
    [mergesInside, fixedQuery, valuesAhead].every((flag) =>
      /undefined|boolean/.test(typeof flag)
    ) &&
    fits(tuning as unknown as AttendTuning, o.subgroupSize);
}

/**
 * Lists the tunings that differ from `from` in one part.
 *
 * @returns The variants, `from` left out.
 */
export function neighbouringTunings(
  from: AttendTuning,
  o: { readonly part: TuningPart; readonly subgroupSize: number },
): AttendTuning[] {
  return TUNING_AXES[o.part].filter((choice) => choice !== from[o.part])
    .map((choice) => ({ ...from, [o.part]: choice }))
    .filter((tuning) => fits(tuning, o.subgroupSize));
}

/** Parts of a tuning, in the order in which a search varies them. */
export const TUNING_PARTS: readonly TuningPart[] = Object.keys(TUNING_AXES) as TuningPart[];

function isRows(value: unknown): boolean {
  return value === undefined || value === 5 || value === 8;
}

function isShortTuning(value: unknown): boolean {
  const { subgroups, mergesInside, rowsOfSubgroup, ...lanes } = Object(value);
  const { lanesPerKey, keysPerGroup, ...rest } = lanes as Record<string, unknown>;
  const isOneOf = (part: "subgroups" | "lanesPerKey" | "keysPerGroup", value: unknown): boolean =>
    TUNING_AXES[part].some((choice) => choice === value);
  return isOneOf("subgroups", subgroups) && typeof mergesInside === "boolean" &&
    isRows(rowsOfSubgroup) &&
    (lanesPerKey === undefined || isOneOf("lanesPerKey", lanesPerKey)) &&
    (keysPerGroup === undefined || isOneOf("keysPerGroup", keysPerGroup)) &&
    Object.keys(rest).length === 0;
}

function isMatrixTuning(value: unknown): boolean {
  const parts = Object(value) as Record<string, unknown>;
  const { leastRows = 1, codes = false, ...rest } = parts;
  const text = JSON.stringify(rest);
  return Number.isInteger(leastRows) && Number(leastRows) > 0 && typeof codes === "boolean" &&
    MATRIX_TUNINGS.some((choice) => JSON.stringify(choice) === text);
}

function fits(tuning: AttendTuning, subgroupSize: number): boolean {
  return tuning.lanesPerKey <= subgroupSize && tuning.keysPerGroup <= tuning.lanesPerKey;
}
