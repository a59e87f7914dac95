/** Pools of every rank with a prefix cache over them. */

import {
  type AllocatorOptions,
  countWindowHeads,
  createPrefixCache,
  shardHeadMap,
} from "../../allocator/mod.ts";
import { optionError } from "../result/mod.ts";
import { findMeasuredRank, type Ranks } from "./ranks.ts";

/**
 * Creates the pools of every rank and a prefix cache over each, from the options of one, whose head
 * map is the global one. All caches keep the same prefixes, also on ranks without window heads.
 */
export function createPrefixRanks(
  o: AllocatorOptions,
  tensorParallel: number,
  blockTokens: number,
): Ranks {
  if (blockTokens % o.pageSizeTokens !== 0) {
    throw optionError(
      `Cannot share prefixes with pages of ${o.pageSizeTokens} tokens: a block of ${blockTokens} ` +
        `tokens is not a whole number of them`,
    );
  }
  const shards = Array.from(
    { length: tensorParallel },
    (_, rank) => shardHeadMap(o.heads, { tensorParallel, rank }),
  );
  const loses = shards.some((heads) =>
    o.layout === "uniform"
      ? countWindowHeads(heads) === heads.groups.length * heads.kvHeads
      : countWindowHeads(heads) > 0
  );
  const prefix = shards.map((heads) =>
    createPrefixCache({ ...o, heads, blockTokens, keepsWindow: o.recycle && loses })
  );
  const measuredRank = findMeasuredRank(o.heads, tensorParallel);
  const all = prefix.map(({ allocator }) => allocator);
  return { prefix, all, measuredRank, measured: all[measuredRank] };
}
