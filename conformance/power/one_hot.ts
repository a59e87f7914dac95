/**
 * Values that show every key: key k has a single 1, at an element of its own.
 *
 * Among random values one lost key of many hides in what rounding may move. With one-hot values an
 * element of the output is the weight of one key, which any arithmetic has to a relative error: a lost
 * key gives 0, one too many gives something, another page's key shows at another place.
 */
import { type AttentionProblem, cacheOffset, encodeValues, tableIndex } from "../../kernel/mod.ts";

/** Elements between the ones of neighbouring heads and slots, so that none passes for another. */
const HEAD_SHIFT = 29;
const SLOT_SHIFT = 11;

/**
 * Replaces the values of every key that lies in a page of its row.
 *
 * @param p The problem; pages that no row names keep what they hold.
 */
export function withOneHotValues(p: AttentionProblem): AttentionProblem {
  const { batch, kvHeads, headSize, storage } = p.shape;
  const [zero, one] = encodeValues(storage, Float64Array.of(0, 1));
  const values = p.values.slice();
  for (let slot = 0; slot < batch; slot++) {
    const lengthTokens = (p.cachedLengths[slot] ?? 0) + (p.queryStarts[slot + 1] ?? 0) -
      (p.queryStarts[slot] ?? 0);
    for (let head = 0; head < kvHeads; head++) {
      for (let positionTokens = 0; positionTokens < lengthTokens; positionTokens++) {
        const key = { slot, head, positionTokens };
        const page = p.table[tableIndex(p.shape, key)] ?? -1;
        if (page < 0) continue;
        const offset = cacheOffset(p.shape, { ...key, page });
        const element = (positionTokens + HEAD_SHIFT * head + SLOT_SHIFT * slot) % headSize;
        values.fill(zero, offset, offset + headSize);
        values[offset + element] = one;
      }
    }
  }
  return { ...p, values };
}
