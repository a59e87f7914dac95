/**
 * The pools of every tensor-parallel rank, driven by one scheduler. A decision is the scarcest
 * rank's and the same for all. The measured rank is the one with the most full heads: it reads the
 * most, and a step ends when its slowest rank does.
 */

import {
  admitOnEveryRank,
  admitWithPrefixOnEveryRank,
  allocatedColumns,
  type AllocatorOptions,
  type CacheAllocator,
  canAdmit,
  canAdmitWithPrefix,
  countWindowHeads,
  createAllocator,
  createPrefixCache,
  extendOnEveryRank,
  extendWithPrefixOnEveryRank,
  type HeadMap,
  needsPages,
  type PageOrder,
  type PageOutcome,
  type PrefixCache,
  type PrefixMatch,
  recycle,
  release,
  releaseWithPrefix,
  type ReservedQuestion,
  shardHeadMap,
  type Slot,
} from "../../allocator/mod.ts";
import type { Workload } from "../../fixtures/mod.ts";
import { BenchError, optionError, type Side } from "../result/mod.ts";

/** Allocators of all ranks. */
export interface Ranks {
  /** Prefix caches by rank, all with the same history; absent without prefix sharing. */
  readonly prefix?: readonly PrefixCache[];
  readonly all: readonly CacheAllocator[];
  /** Index of the measured rank. */
  readonly measuredRank: number;
  readonly measured: CacheAllocator;
}

const NOTHING_TAKEN: PageOutcome = { kind: "allocated", pages: 0 };

/** The rank with the most full heads, the lowest of equals. */
export function findMeasuredRank(heads: HeadMap, tensorParallel: number): number {
  let best = 0;
  let most = -1;
  for (let rank = 0; rank < tensorParallel; rank++) {
    const shard = shardHeadMap(heads, { tensorParallel, rank });
    const full = shard.groups.length * shard.kvHeads - countWindowHeads(shard);
    if (full > most) [best, most] = [rank, full];
  }
  return best;
}

/**
 * Creates the pools of every rank from the options of one, whose head map is the global one.
 *
 * @param blockTokens Tokens of a block by which prefixes are shared, or null to share none. All caches
 *   keep the same prefixes, also on ranks without window heads.
 */
export function createRanks(
  o: AllocatorOptions,
  tensorParallel: number,
  blockTokens: number | null = null,
): Ranks {
  const shards = Array.from(
    { length: tensorParallel },
    (_, rank) => shardHeadMap(o.heads, { tensorParallel, rank }),
  );
  const measuredRank = findMeasuredRank(o.heads, tensorParallel);
  if (blockTokens === null) {
    const all = shards.map((heads) => createAllocator({ ...o, heads }));
    return { all, measuredRank, measured: all[measuredRank] };
  }
  if (blockTokens % o.pageSizeTokens !== 0) {
    throw optionError(
      `Cannot share prefixes with pages of ${o.pageSizeTokens} tokens: a block of ${blockTokens} ` +
        `tokens is not a whole number of them`,
    );
  }
  const loses = shards.some((heads) =>
    o.layout === "uniform"
      ? countWindowHeads(heads) === heads.groups.length * heads.kvHeads
      : countWindowHeads(heads) > 0
  );
  const prefix = shards.map((heads) =>
    createPrefixCache({ ...o, heads, blockTokens, keepsWindow: o.recycle && loses })
  );
  const all = prefix.map(({ allocator }) => allocator);
  return { prefix, all, measuredRank, measured: all[measuredRank] };
}

/**
 * Tells whether every rank can admit a request, beyond the prefix that was found for it. Ranks whose
 * shards differ in window heads may differ in what they hold: the scarcest one's answer is all ranks'.
 */
export function canAdmitOnRanks(
  ranks: Ranks,
  o: ReservedQuestion,
  matches: readonly PrefixMatch[] = [],
): boolean {
  return ranks.prefix === undefined
    ? ranks.all.every((rank) => canAdmit(rank, o))
    : ranks.prefix.every((cache, rank) => canAdmitWithPrefix(cache, o, matches[rank]));
}

/** Takes an empty slot on every rank, with the prefix that was found, or on none. */
export function admitOnRanks(
  ranks: Ranks,
  slot: Slot,
  lengthTokens: number,
  matches: readonly PrefixMatch[] = [],
): PageOutcome {
  if (ranks.prefix !== undefined) {
    return admitWithPrefixOnEveryRank(ranks.prefix, slot, { lengthTokens, matches });
  }
  return admitOnEveryRank(ranks.all, { slot, lengthTokens });
}

/** Grows a slot on every rank, or on none; with `preallocate` the configured pages ahead are part of it. */
export function extendOnRanks(
  ranks: Ranks,
  slot: Slot,
  lengthTokens: number,
  preallocate: boolean = false,
): PageOutcome {
  // Most decode rows stay on their page; what their length is matters to no one but a validator.
  const { measured } = ranks;
  if (!measured.options.debug && !needsPages(measured, slot, lengthTokens)) return NOTHING_TAKEN;
  if (ranks.prefix !== undefined) {
    return extendWithPrefixOnEveryRank(ranks.prefix, slot, { lengthTokens, preallocate });
  }
  return extendOnEveryRank(ranks.all, { slot, lengthTokens, preallocate });
}

/** Frees dead window pages of a slot whose cache holds `cachedTokens`, on every rank. */
export function recycleOnRanks(ranks: Ranks, slot: Slot, cachedTokens: number): void {
  const point = { nextPositionTokens: cachedTokens, lengthTokens: cachedTokens };
  let agreed: number | null = null;
  for (const rank of ranks.all) {
    const pages = recycle(rank, slot, point);
    const windowHeads = countWindowHeads(rank.options.heads);
    if (windowHeads === 0 || rank.options.layout === "uniform") continue;
    agreed ??= pages / windowHeads;
    if (agreed === pages / windowHeads) continue;
    throw disagreement(slot, "freed columns", [agreed, pages / windowHeads]);
  }
}

/** Ends a request on every rank. */
export function releaseOnRanks(ranks: Ranks, slot: Slot): void {
  if (ranks.prefix !== undefined) {
    for (const cache of ranks.prefix) releaseWithPrefix(cache, slot);
    return;
  }
  for (const rank of ranks.all) release(rank, slot);
}

/** Checks that all ranks hold the same columns of every slot. */
export function checkRanksAgree(ranks: Ranks): void {
  if (ranks.all.length === 1) return;
  for (const slot of ranks.measured.state.slotIds) {
    const columns = ranks.all.map((rank) => allocatedColumns(rank, slot));
    if (columns.some((count) => count !== columns[0])) {
      throw disagreement(slot, "columns", columns);
    }
  }
}

function disagreement(slot: number, what: string, counts: readonly number[]): BenchError {
  return new BenchError(
    "bench/ranks-disagree",
    `Cannot continue: the ranks count ${
      counts.join(" and ")
    } ${what} of slot ${slot}; all must make ` +
      `the same decisions`,
  );
}

/** How the pools of a side are made. */
export interface SideRanksOptions {
  /** How ordinals become page ids. */
  readonly pageOrder: PageOrder;
  /** Tokens of a block by which prefixes are shared, or null to share none. */
  readonly prefixBlockTokens: number | null;
  /** Whether every operation is validated. @default {false} */
  readonly debug?: boolean;
}

/** Creates the pools of every rank, with a prefix cache over each where prefixes are shared. */
export function createSideRanks(
  { cache, scheduler, headMap, tensorParallel }: Workload,
  side: Side,
  o: SideRanksOptions,
): Ranks {
  const options = {
    layout: side.layout,
    heads: headMap,
    slots: scheduler.maxSequences,
    pagesPerHead: cache.pagesPerHead,
    pageSizeTokens: cache.pageSizeTokens,
    modelLengthTokens: scheduler.modelLengthTokens,
    preallocatedPages: scheduler.preallocatedPages,
    recycle: side.recycle,
    pageOrder: o.pageOrder,
    debug: o.debug ?? false,
  };
  return createRanks(options, tensorParallel, o.prefixBlockTokens);
}
