/** Which sizes items have on an adapter, for the shapes and the tuning of a problem. */

import {
  fittingRowsOfSubgroup,
  isVectorSize,
  MAX_VECTOR_ROWS,
  type RowSizes,
} from "./item_rows.ts";
import { leastMatrixRows } from "./matrix_mapping.ts";
import type { AttendSpecialisation, AttendTuning, ProgramTarget } from "./program.ts";
import { defaultTuning } from "./specialisation.ts";

/**
 * Chooses the sizes.
 *
 * @param o The adapter, and the tuning where it is not the default.
 */
export function rowSizesOf(
  s: Pick<
    AttendSpecialisation,
    "queryHeads" | "kvHeads" | "headSize" | "storage" | "keyFormat" | "valueFormat"
  >,
  o: { readonly target: ProgramTarget; readonly tuning?: AttendTuning | undefined },
): RowSizes {
  const tuning = o.tuning ?? defaultTuning(o.target, s);
  return {
    leastMatrixRows: leastMatrixRows(s, o.target),
    rowsOfSubgroup: o.target.subgroupSize === 0
      ? MAX_VECTOR_ROWS
      : fittingRowsOfSubgroup({ ...tuning, ...s }),
  };
}

/** The tuning of steps of few keys: that of the others, but for what differs. */
export function shortTuningOf({ short, ...tuning }: AttendTuning): AttendTuning {
  return { ...tuning, ...short };
}

/** Sizes of items of steps of few keys; none where no step is planned as such. */
export function shortItemRowsOf(
  s: Parameters<typeof rowSizesOf>[0],
  o: {
    readonly target: ProgramTarget;
    readonly tuning?: AttendTuning | undefined;
    readonly sizesOf: (sizes: RowSizes) => number[];
  },
): number[] {
  const tuning = o.tuning ?? defaultTuning(o.target, s);
  if (tuning.short === undefined) return [];
  const sizes = rowSizesOf(s, { target: o.target, tuning: shortTuningOf(tuning) });
  return o.sizesOf(sizes).filter(isVectorSize);
}
