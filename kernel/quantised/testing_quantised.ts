/** Small quantised problems for tests. */

import type { AttentionProblem, AttentionShape } from "../problem.ts";
import { randomProblem } from "../random_problem.ts";
import type { QuantisedFormat } from "./quantised_format.ts";

/** A shape of two KV heads of three query heads each. */
export function quantisedShape(
  o: Partial<AttentionShape> & { keyFormat?: QuantisedFormat; valueFormat?: QuantisedFormat },
): AttentionShape {
  return {
    batch: 2,
    queryHeads: 6,
    kvHeads: 2,
    headSize: 64,
    pageSizeTokens: 16,
    pages: 20,
    columns: 6,
    layout: "headwise",
    storage: "bf16",
    ...o,
  };
}

/** A problem with a full head, a window head and a slot that prefills. */
export function quantisedProblem(
  o: Parameters<typeof quantisedShape>[0] & { seed?: number; poison?: boolean },
): AttentionProblem {
  const { seed = 1, poison = false, ...shape } = o;
  return randomProblem({
    seed,
    shape: quantisedShape(shape),
    queryLengths: [1, 5],
    cachedLengths: [75, 9],
    headWindows: [0, 20],
    poison,
  });
}
