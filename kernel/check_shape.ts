/** Refuses shapes that no kernel serves. */

import { checkCount } from "./check_tensor.ts";
import { DtypeError, ShapeError } from "./problem_error.ts";
import type { AttentionShape } from "./problem.ts";
import { checkFormats } from "./quantised/check_quantised.ts";

/**
 * Refuses a shape that no kernel serves.
 *
 * @throws {ShapeError} Naming the size, with the violated clause.
 */
export function checkShape(shape: AttentionShape): void {
  checkCount("columns", shape.columns, { minimum: 1, clause: "shape/columns-positive" });
  checkCount("batch", shape.batch, { minimum: 1, clause: "shape/rows" });
  checkCount("kvHeads", shape.kvHeads, { minimum: 1, clause: "shape/group" });
  checkCount("queryHeads", shape.queryHeads, { minimum: 1, clause: "shape/group" });
  checkCount("pages", shape.pages, { minimum: 1, clause: "sentinel/only-minus-one" });
  if (shape.poolPages !== undefined) {
    checkCount("poolPages", shape.poolPages, { minimum: 1, clause: "sentinel/only-minus-one" });
  }
  if (shape.queryHeads % shape.kvHeads !== 0) {
    throw new ShapeError(
      `Cannot group ${shape.queryHeads} query heads over ${shape.kvHeads} KV heads: the first is ` +
        "no multiple of the second; correct the head counts",
      "shape/group",
      { name: "queryHeads", queryHeads: shape.queryHeads, kvHeads: shape.kvHeads },
    );
  }
  if (![64, 128, 256].includes(shape.headSize)) {
    throw new ShapeError(
      `Cannot use headSize ${shape.headSize}: 64, 128 and 256 are served; pick one of them`,
      "shape/group",
      { name: "headSize", actual: shape.headSize },
    );
  }
  if (![16, 32, 64, 128, 256].includes(shape.pageSizeTokens)) {
    throw new ShapeError(
      `Cannot use pageSizeTokens ${shape.pageSizeTokens}: it is a power of two from 16 to 256; ` +
        "pick one of them",
      "shape/group",
      { name: "pageSizeTokens", actual: shape.pageSizeTokens },
    );
  }
  if (!["uniform", "headwise", "pooled"].includes(shape.layout)) {
    throw new ShapeError(
      `Cannot use layout "${shape.layout}": "uniform", "headwise" and "pooled" are served; pick ` +
        "one of them",
      "layout/id-spaces-distinct",
      { name: "layout", actual: shape.layout },
    );
  }
  if (shape.storage !== "bf16" && shape.storage !== "f16") {
    throw new DtypeError(
      `Cannot store values as "${shape.storage}": "bf16" and "f16" are served; pick one of them`,
      "dtype/c16",
      { name: "storage", actual: String(shape.storage) },
    );
  }
  checkFormats(shape);
}
