/** Which sizes items have on an adapter, for the shapes and the tuning of a problem. */

import { fittingRowsOfSubgroup, MAX_VECTOR_ROWS, type RowSizes } from "./item_rows.ts";
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
