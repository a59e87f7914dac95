/** Which keys a query sees, and which keys a step must therefore read. */

import type { AttentionProblem } from "./problem.ts";

/** The query and the key in question. */
export interface KeyQuestion {
  /** Batch slot. */
  readonly slot: number;
  /** Index of the query among the slot's tokens of this step. */
  readonly queryIndex: number;
  /** KV head. */
  readonly head: number;
  /** Absolute position of the key. */
  readonly keyTokens: number;
}

/**
 * Says whether a query sees a key, by the plain definition of each mask. A hole hides nothing here:
 * whether the key has a page is the table's matter.
 *
 * With query position p: full heads see k ≤ p; window heads see k ≤ p with k > p − W or k < S. With a
 * range [s, e) full heads see s ≤ k < e, and window heads those but not s + S ≤ k < max(e − W, 0). A
 * tree mask then hides some of the step's own keys.
 *
 * @param p The problem; its tensors are not read.
 */
export function keyIsVisible(
  p: Pick<
    AttentionProblem,
    "queryStarts" | "cachedLengths" | "headWindows" | "sinkTokens" | "maskRanges" | "treeMask"
  >,
  at: KeyQuestion,
): boolean {
  const key = at.keyTokens;
  const cached = p.cachedLengths[at.slot];
  const queryLength = p.queryStarts[at.slot + 1] - p.queryStarts[at.slot];
  const window = p.headWindows[at.head];
  if (key < 0 || key >= cached + queryLength) return false;

  if (p.maskRanges !== undefined) {
    const token = p.queryStarts[at.slot] + at.queryIndex;
    const start = p.maskRanges[2 * token];
    const end = p.maskRanges[2 * token + 1];
    if (key < start || key >= end) return false;
    if (window > 0 && key >= start + p.sinkTokens && key < Math.max(end - window, 0)) return false;
  } else {
    const position = cached + at.queryIndex;
    if (key > position) return false;
    if (window > 0 && key <= position - window && key >= p.sinkTokens) return false;
  }

  if (p.treeMask !== undefined && key >= cached) {
    const width = p.treeMask.maxQueryTokens;
    const bit = (at.slot * width + at.queryIndex) * width + (key - cached);
    if (p.treeMask.bits[bit] !== 0) return false;
  }
  return true;
}
