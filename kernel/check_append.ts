/** Refuses append problems whose types, sizes or ids do not fit, by name. */

import { checkCacheSizes, checkCacheTypes, checkLengths, checkPageIds } from "./check_cache.ts";
import { checkShape } from "./check_shape.ts";
import { C16, checkLength, checkType } from "./check_tensor.ts";
import { ValueError } from "./problem_error.ts";
import { checkZeroPoints } from "./quantised/check_quantised.ts";
import type { AppendProblem } from "./problem.ts";

/**
 * Refuses an append problem whose types, sizes, lengths, rotation or page ids do not fit together.
 *
 * @throws {DtypeError} A tensor has another element type.
 * @throws {ShapeError} A size does not fit.
 * @throws {ValueError} A length or the rotation has no meaning.
 * @throws {PageIdError} A table entry is neither −1 nor in the pool.
 */
export function checkAppend(p: AppendProblem): void {
  checkShape(p.shape);
  checkCacheTypes(p);
  checkType("packed", p.packed, C16);

  const { batch, kvHeads, queryHeads, headSize } = p.shape;
  checkCacheSizes(p);
  checkRotary(p);
  checkLengths(p);
  checkLength("packed", p.packed.length, {
    length: p.queryStarts[batch] * (queryHeads + 2 * kvHeads) * headSize,
    formula: "T·(Hq + 2H)·D",
    clause: "mixed/batch",
  });
  checkZeroPoints(p);
  checkPageIds(p);
}

function checkRotary(p: AppendProblem): void {
  const { style, theta, rotaryDimensions } = p.rotary;
  const refuse = (name: string, value: string | number, rule: string): never => {
    throw new ValueError(
      `Cannot rotate with ${name} ${value}: ${rule}; correct the rotary options`,
      "rope/positions",
      { name: `rotary.${name}`, value },
    );
  };
  if (!["none", "interleaved", "neox"].includes(style)) {
    refuse("style", `"${style}"`, '"none", "interleaved" and "neox" are served');
  }
  if (style === "none") return;
  if (!(Number.isFinite(theta) && theta > 0)) refuse("theta", theta, "it is a positive number");
  const fits = Number.isSafeInteger(rotaryDimensions) && rotaryDimensions > 0 &&
    rotaryDimensions % 2 === 0 && rotaryDimensions <= p.shape.headSize;
  if (!fits) {
    refuse(
      "rotaryDimensions",
      rotaryDimensions,
      `it is even, positive and at most the head size ${p.shape.headSize}`,
    );
  }
}
