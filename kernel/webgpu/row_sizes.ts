/** Which sizes items have on an adapter, for the shapes and the tuning of a problem. */

import { fittingRowsOfSubgroup, MAX_VECTOR_ROWS, type RowSizes } from "./item_rows.ts";
import { leastMatrixRows } from "./matrix_mapping.ts";
import type { AttendSpecialisation, AttendTuning, ProgramTarget } from "./program.ts";
import { defaultTuning } from "./specialisation.ts";

/** Elements of all rows of an item that workgroup memory holds, once as queries and once as outputs. */
const MOST_ROW_ELEMENTS = 4096;

/**
 * Chooses the sizes.
 *
 * @param o The adapter, and the tuning where it is not the default.
 */
export function rowSizesOf(
  s: Pick<AttendSpecialisation, "headSize" | "storage" | "keyFormat" | "valueFormat">,
  o: { readonly target: ProgramTarget; readonly tuning?: AttendTuning | undefined },
): RowSizes {
  const tuning = o.tuning ?? defaultTuning(o.target);
  const fits = ([4, 2] as const).find((groups) =>
    groups <= tuning.rowGroups && groups * MAX_VECTOR_ROWS * s.headSize <= MOST_ROW_ELEMENTS
  );
  return {
    leastMatrixRows: leastMatrixRows(s, o.target),
    rowGroups: o.target.subgroupSize === 0 ? 1 : fits ?? 1,
    rowsOfSubgroup: o.target.subgroupSize === 0
      ? MAX_VECTOR_ROWS
      : fittingRowsOfSubgroup({ ...tuning, ...s }),
  };
}
