/** Fills every part of a cache that no right answer depends on with NaN. */

import type { AttentionProblem } from "./problem.ts";
import { poisonRows } from "./quantised/poison_quantised.ts";
import {
  type CacheSide,
  quantisedSides,
  type QuantisedTensor,
  sideFormat,
  sideTensor,
} from "./quantised/quantised_tensor.ts";
import { pageIdLimit, tableIndex } from "./shape.ts";
import { STORAGE_FORMATS } from "./storage_type.ts";
import { keyIsVisible } from "./visibility.ts";

/** Which keys keep their values. */
export interface PoisonOptions {
  /**
   * `unnamed`: every token that a row holds is kept, seen or not; the default. `unseen`: only keys
   * that some query of the step sees are kept, so named pages behind a window are poisoned too.
   */
  readonly reach?: "unnamed" | "unseen";
}

/**
 * Copies a problem with NaN in every key and value that must not reach the output: pages that no row
 * names, page 0 unless a row names it, and positions of partly filled pages past a row's length.
 *
 * @param p A problem that `checkProblem` accepts.
 * @returns The same problem over a poisoned cache; the answer must not change by a bit.
 */
export function poisonUnread(p: AttentionProblem, o: PoisonOptions = {}): AttentionProblem {
  const { shape, queryStarts, cachedLengths, table } = p;
  const { batch, kvHeads, pageSizeTokens } = shape;
  const headPages = shape.layout === "pooled" ? pageIdLimit(shape) : shape.pages * kvHeads;
  const kept = new Uint8Array(headPages * pageSizeTokens);

  for (let slot = 0; slot < batch; slot++) {
    const queryLength = queryStarts[slot + 1] - queryStarts[slot];
    const lengthTokens = cachedLengths[slot] + queryLength;
    for (let head = 0; head < kvHeads; head++) {
      for (let keyTokens = 0; keyTokens < lengthTokens; keyTokens++) {
        if (o.reach === "unseen") {
          let seen = false;
          for (let queryIndex = 0; queryIndex < queryLength && !seen; queryIndex++) {
            seen = keyIsVisible(p, { slot, queryIndex, head, keyTokens });
          }
          if (!seen) continue;
        }
        const page = table[tableIndex(shape, { slot, head, positionTokens: keyTokens })];
        if (page < 0) continue;
        const headPage = shape.layout === "pooled" ? page : page * kvHeads + head;
        kept[headPage * pageSizeTokens + keyTokens % pageSizeTokens] = 1;
      }
    }
  }

  return {
    ...p,
    keys: poisonC16(p, "keys", kept),
    values: poisonC16(p, "values", kept),
    ...quantisedSides((side) => poisonSide(p, side, kept)),
  };
}

function poisonC16(p: AttentionProblem, side: CacheSide, kept: Uint8Array): Uint16Array {
  const { headSize, storage } = p.shape;
  const bits = p[side].slice();
  const nan = STORAGE_FORMATS[storage].quietNan;
  for (let position = 0; position < kept.length; position++) {
    if (kept[position] !== 1) bits.fill(nan, position * headSize, (position + 1) * headSize);
  }
  return bits;
}

function poisonSide(
  p: AttentionProblem,
  side: CacheSide,
  kept: Uint8Array,
): QuantisedTensor | undefined {
  const tensor = sideTensor(p, side);
  return tensor && poisonRows(tensor, {
    format: sideFormat(p.shape, side)!,
    headSize: p.shape.headSize,
    isPoisoned: (row) => kept[row] === 0,
  });
}
