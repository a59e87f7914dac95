/** What a scheduler does with a prefix cache: look up, insert, count. */

import {
  evictPrefix,
  findPrefix,
  insertPrefix,
  type PrefixMatch,
  validatePrefixCache,
} from "../../allocator/mod.ts";
import { BenchError, type PrefixUse } from "../result/mod.ts";
import type { LiveRequest } from "./live_request.ts";
import type { Ranks } from "./ranks.ts";

/** What is looked up where there is no prefix cache. */
const NO_MATCHES: readonly PrefixMatch[] = [];

/** Finds the prefix of a waiting request on every rank; empty without a prefix cache. */
export function matchPrefix({ prefix }: Ranks, request: LiveRequest): readonly PrefixMatch[] {
  if (prefix === undefined) return NO_MATCHES;
  const blocks = request.source.prefixBlocks ?? [];
  // The last token is always computed: its output is what the request is waiting for.
  const limit = Math.min(request.inputTokens, request.prefillTokens - 1);
  return prefix.map((cache) => findPrefix(cache, blocks, limit));
}

/** Caches the complete prompt blocks that a prefilling request has computed, on every rank. */
export function insertPrefixOnRanks({ prefix }: Ranks, request: LiveRequest): void {
  const { source, inputTokens, cached, prefixMatched, slot } = request;
  if (prefix === undefined || source.prefixBlocks === undefined || slot === null) return;
  for (const cache of prefix) {
    insertPrefix(cache, slot, {
      blocks: source.prefixBlocks,
      cachedTokens: Math.min(cached, inputTokens),
      checkpoints: [prefixMatched, Math.floor(inputTokens / cache.blockTokens)],
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
