/**
 * What one attention step must read and compute for one layer: the least a kernel of the given walk
 * can do, without what tiling and splitting add.
 */

import type { AttentionShape } from "./problem.ts";
import { tokenBytes } from "./quantised/quantised_format.ts";

/** A step, and the way its keys are walked; rows of a `uniform` table serve all heads. */
export interface WorkOptions extends
  Pick<
    AttentionShape,
    | "queryHeads"
    | "kvHeads"
    | "headSize"
    | "pageSizeTokens"
    | "keyFormat"
    | "valueFormat"
    | "layout"
  > {
  /** [H], W of each KV head; 0 is full context. */
  readonly headWindows: Int32Array;
  /** S. */
  readonly sinkTokens: number;
  /** Tokens of this step by slot; at least `slots` of them. */
  readonly queryLengths: Int32Array;
  /** Tokens in the cache before this step by slot; at least `slots` of them. */
  readonly cachedLengths: Int32Array;
  /** Slots to count, from slot 0 on. */
  readonly slots: number;
  /**
   * `row`: every key of the row up to its length is read for all heads, and masked. `visible`: only
   * keys [0, S) ∪ (p_min − W, p_max] are, those that some query of the row sees.
   */
  readonly walk: "row" | "visible";
}

/** Work of one layer. */
export interface WorkCount {
  /** Bytes of keys and values read, scales by token counted: 2·2·D for each C16 key of each KV head. */
  keyValueBytes: number;
  /** Bytes of table entries read: 4 for each page that is touched. */
  tableBytes: number;
  /** Bytes of queries read and outputs written: 2·2·D for each token and query head. */
  queryOutputBytes: number;
  /**
   * Operations of both products: 4·D for each pair of a query row and a key that is walked for it,
   * which is k ≤ p with the walk `row`, and what the query sees with `visible`.
   */
  flops: number;
  /** Keys read, summed over slots and KV heads. */
  keysRead: number;
  /** Keys that a query token sees, summed over query tokens and KV heads, whatever the walk. */
  visibleKeys: number;
}

/** Σ over positions p in [first, last] of min(p + 1, limit). */
function sumClamped(first: number, last: number, limit: number): number {
  const rising = Math.min(last, limit - 1);
  const risingTerms = Math.max(0, rising - first + 1);
  const flatTerms = last - first + 1 - risingTerms;
  return risingTerms * (first + rising + 2) / 2 + flatTerms * limit;
}

/** An empty count, for callers that reuse one. */
export function createWorkCount(): WorkCount {
  return {
    keyValueBytes: 0,
    tableBytes: 0,
    queryOutputBytes: 0,
    flops: 0,
    keysRead: 0,
    visibleKeys: 0,
  };
}

/**
 * Counts the work of one attention step over one layer. O(slots · H), without allocation where `into`
 * is given. Mask ranges and tree masks are not counted: they only hide keys.
 *
 * @param into Overwritten and returned; a fresh count by default.
 */
export function countWork(o: WorkOptions, into: WorkCount = createWorkCount()): WorkCount {
  const { kvHeads, headWindows, sinkTokens, pageSizeTokens } = o;
  const rowWalk = o.walk === "row";
  let tokens = 0;
  let keysRead = 0;
  let visibleKeys = 0;
  let walkedKeys = 0;
  let entries = 0;
  for (let slot = 0; slot < o.slots; slot++) {
    const queryLength = o.queryLengths[slot];
    if (queryLength === 0) continue;
    const first = o.cachedLengths[slot];
    const end = first + queryLength;
    tokens += queryLength;
    let slotEntries = 0;
    let window = -1;
    let read = 0;
    let visible = 0;
    let walked = 0;
    let columns = 0;
    for (let head = 0; head < kvHeads; head++) {
      // Neighbouring heads mostly share a window, and then everything below.
      if (headWindows[head] !== window) {
        window = headWindows[head];
        const windowStart = window === 0 || first < window ? 0 : first - window + 1;
        const seen = window === 0 ? end : window + sinkTokens;
        visible = queryLength === 1 ? Math.min(end, seen) : sumClamped(first, end - 1, seen);
        const readStart = rowWalk ? 0 : windowStart;
        const sinkEnd = Math.min(sinkTokens, readStart);
        read = end - readStart + sinkEnd;
        walked = !rowWalk ? visible : queryLength === 1 ? end : sumClamped(first, end - 1, end);
        const firstColumn = Math.floor(readStart / pageSizeTokens);
        const sinkColumns = Math.min(firstColumn, Math.ceil(sinkEnd / pageSizeTokens));
        columns = Math.ceil(end / pageSizeTokens) - firstColumn + sinkColumns;
      }
      keysRead += read;
      visibleKeys += visible;
      walkedKeys += walked;
      slotEntries = o.layout === "uniform" ? Math.max(slotEntries, columns) : slotEntries + columns;
    }
    entries += slotEntries;
  }
  into.keyValueBytes = keysRead *
    (tokenBytes(o.keyFormat, o.headSize) + tokenBytes(o.valueFormat, o.headSize));
  into.tableBytes = entries * 4;
  into.queryOutputBytes = tokens * o.queryHeads * 4 * o.headSize;
  into.flops = walkedKeys * (o.queryHeads / kvHeads) * 4 * o.headSize;
  into.keysRead = keysRead;
  into.visibleKeys = visibleKeys;
  return into;
}
