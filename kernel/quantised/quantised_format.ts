/** Sizes of the tensors of a quantised cache, which follow from its format. */

import { BLOCK_ELEMENTS, type QuantisedFormat } from "../../allocator/mod.ts";
import type { AttentionShape } from "../problem.ts";
import { pageIdLimit } from "../shape.ts";

export {
  BLOCK_ELEMENTS,
  codeBytes,
  FORMAT_NAMES,
  formatName,
  INLINE_ALIGNMENT_BYTES,
  parseFormat,
  QUANTISED_FORMATS,
  rowBytes,
  SCALE_BYTES,
  tokenBytes,
} from "../../allocator/mod.ts";
export type * from "./quantised_types.ts";

/** The sizes that formats depend on. */
export type FormatShape = Pick<
  AttentionShape,
  "layout" | "pages" | "kvHeads" | "poolPages" | "pageSizeTokens" | "headSize"
>;

/** Tokens that a cache has room for, over all heads: rows of the codes. */
export function cacheRows(shape: FormatShape): number {
  const headPages = shape.layout === "pooled" ? pageIdLimit(shape) : shape.pages * shape.kvHeads;
  return headPages * shape.pageSizeTokens;
}

/** Sizes of the rows of a cache, outermost first: [N, H, P], or [poolPages, P]. */
export function rowsShape(shape: FormatShape): readonly number[] {
  const { layout, pages, kvHeads, pageSizeTokens } = shape;
  return layout === "pooled"
    ? [pageIdLimit(shape), pageSizeTokens]
    : [pages, kvHeads, pageSizeTokens];
}

/** Sizes and formula of the scale tensor, outermost first; [0] where scales are inline. */
export function scaleShape(
  format: QuantisedFormat,
  shape: FormatShape,
): { sizes: readonly number[]; formula: string } {
  const { kvHeads, headSize } = shape;
  const pages = shape.layout === "pooled" ? "poolPages·P" : "N·H·P";
  switch (format.granularity) {
    case "tensor":
      return { sizes: [1], formula: "1" };
    case "head":
      return { sizes: [kvHeads], formula: "H" };
    case "channel":
      return { sizes: [kvHeads, headSize], formula: "H·D" };
    case "token":
      return { sizes: rowsShape(shape), formula: pages };
    case "inline":
      return { sizes: [0], formula: "no elements (scales are inline)" };
    case "block":
      return {
        sizes: [...rowsShape(shape), headSize / BLOCK_ELEMENTS],
        formula: `${pages}·D/16`,
      };
  }
}

/** Elements and formula of the scale tensor; 0 elements where scales are inline. */
export function scaleSize(
  format: QuantisedFormat,
  shape: FormatShape,
): { elements: number; formula: string } {
  const { sizes, formula } = scaleShape(format, shape);
  return { elements: sizes.reduce((product, size) => product * size, 1), formula };
}
