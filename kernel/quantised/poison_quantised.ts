/** Poison for rows of a quantised cache that no right answer depends on. */

import { STORAGE_FORMATS } from "../storage_type.ts";
import { CODE_FORMATS } from "./code_type.ts";
import { BLOCK_ELEMENTS, codeBytes, type QuantisedFormat, rowBytes } from "./quantised_format.ts";
import { storeInlineScale } from "./quantise_row.ts";
import type { QuantisedTensor } from "./quantised_tensor.ts";

const E4M3_NAN = 0x7f;

/**
 * Copies a side with poison in some rows: codes that are not numbers where there are such, the largest
 * code elsewhere, and NaN in every scale that belongs to the row alone. Scales that rows share stay.
 *
 * @param tensor The side; left as it is.
 */
export function poisonRows(
  tensor: QuantisedTensor,
  o: { format: QuantisedFormat; headSize: number; isPoisoned: (row: number) => boolean },
): QuantisedTensor {
  const { format, headSize } = o;
  const { bits, notANumber } = CODE_FORMATS[format.codes];
  const codes = tensor.codes.slice();
  const scales = tensor.scales?.slice();
  const stride = rowBytes(format, headSize);
  const used = codeBytes(format, headSize);
  const code = notANumber ?? (bits === 8 ? 0x7f : format.codes === "int4" ? 0xff : 0x77);
  const nan = format.scaleType === "fp8_e4m3"
    ? E4M3_NAN
    : format.scaleType === "f32"
    ? NaN
    : STORAGE_FORMATS[format.scaleType].quietNan;
  const blocks = headSize / BLOCK_ELEMENTS;
  for (let row = 0; row * stride < codes.length; row++) {
    if (!o.isPoisoned(row)) continue;
    const start = row * stride;
    codes.fill(code, start, start + used);
    if (format.granularity === "inline") storeInlineScale({ ...o, tensor: { codes } }, row, nan);
    else if (format.granularity === "token") scales![row] = nan;
    else if (format.granularity === "block") scales!.fill(nan, row * blocks, (row + 1) * blocks);
  }
  return { ...tensor, codes, ...(scales === undefined ? {} : { scales }) };
}
