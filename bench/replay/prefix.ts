/** What a replay does with a prefix cache: look up, insert, count. */

import {
  evictPrefix,
  findPrefix,
  insertPrefix,
  type PrefixMatch,
  type Slot,
  validatePrefixCache,
} from "../../allocator/mod.ts";
import { BenchError, type PrefixUse } from "../result/mod.ts";
import type { Ranks } from "./ranks.ts";
import type { ReplayState } from "./state.ts";

/** Finds the prefix of a waiting request on every rank; empty without a prefix cache. */
export function matchPrefix(state: ReplayState, request: number): PrefixMatch[] {
  const { prefix } = state.ranks;
  if (prefix === undefined) return [];
  const blocks = state.requests[request].prefixBlocks ?? [];
  // The last token is always computed: its output is what the request is waiting for.
  const limit = Math.min(state.inputTokens[request], state.prefillTokens[request] - 1);
  return prefix.map((cache) => findPrefix(cache, blocks, limit));
}

/** Remembers where an admitted prompt parts from those that were seen before. */
export function notePrefix(
  state: ReplayState,
  request: number,
  matches: readonly PrefixMatch[],
): void {
  state.prefixMatched[request] = matches[0]?.matchedBlocks ?? 0;
}

/** Caches the complete prompt blocks that a prefilling request has computed, on every rank. */
export function insertPrefixOnRanks(state: ReplayState, request: number): void {
  const { prefix } = state.ranks;
  const blocks = state.requests[request].prefixBlocks;
  if (prefix === undefined || blocks === undefined) return;
  const inputTokens = state.inputTokens[request];
  for (const cache of prefix) {
    insertPrefix(cache, state.slots[request] as Slot, {
      blocks,
      cachedTokens: Math.min(state.cached[request], inputTokens),
      checkpoints: [state.prefixMatched[request], Math.floor(inputTokens / cache.blockTokens)],
    });
  }
}

/** Evicts everything at the end of a replay, when no request uses anything. */
export function emptyPrefixCaches(ranks: Ranks): void {
  for (const cache of ranks.prefix ?? []) {
    const before = { ...cache.statistics };
    const [violation] = validatePrefixCache(cache);
    if (violation !== undefined) {
      throw new BenchError(
        "bench/allocator",
        `Cannot trust the replay: its prefix cache is inconsistent (${violation.clause}): ` +
          `${violation.message}`,
      );
    }
    while (evictPrefix(cache) > 0);
    // What the end evicts is no part of what the replay did.
    cache.statistics.evictedBlocks = before.evictedBlocks;
  }
}

/** What the measured rank's cache spared, or null without one. */
export function describePrefixUse(ranks: Ranks): PrefixUse | null {
  const cache = ranks.prefix?.[ranks.measuredRank];
  if (cache === undefined) return null;
  const { lookups, hits, hitTokens, insertedBlocks, evictedBlocks } = cache.statistics;
  return { lookups, hits, hitTokens, insertedBlocks, evictedBlocks };
}
