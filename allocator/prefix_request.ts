/**
 * Requests that share prefixes: admission with a match, growth that evicts, insertion of what was
 * computed, and release.
 *
 * @module
 */
import { checkActiveSlot } from "./allocator.ts";
import { assertValid } from "./validate_allocator.ts";
import { extend, findObstacle, type GrowOptions } from "./grow.ts";
import type { Slot } from "./ids.ts";
import { AllocatorError } from "./options.ts";
import type { PageOutcome } from "./outcome.ts";
import { addUser, attachPrefix, insertBlock, shareBlock, touchPrefix } from "./prefix_attach.ts";
import { attachedNode, type PrefixCache, prefixPath } from "./prefix_cache.ts";
import { countEvictable, dropUseless, makeRoom } from "./prefix_evict.ts";
import { type PrefixMatch, setCheckpoint } from "./prefix_find.ts";
import { release } from "./release.ts";

/** A request to admit on the ranks of one scheduler. */
export interface PrefixAdmission {
  /** Tokens to hold after its first step, greater than those of the match. */
  readonly lengthTokens: number;
  /** What was found of its prompt, just before and in this cache. */
  readonly match: PrefixMatch;
}

/**
 * Takes an empty slot with the pages of a cached prefix, and new pages for the rest of the first
 * step. Cached prefixes that nothing uses are evicted where pages are short.
 *
 * @returns The outcome as of `admit`; `pages` counts new ones. Unless allocated, the slot is empty.
 * @throws {AllocatorError} `slot/occupied`, or `length/invalid` when the match leaves no token.
 */
export function admitWithPrefix(cache: PrefixCache, slot: Slot, o: PrefixAdmission): PageOutcome {
  return admitWithPrefixOnEveryRank([cache], slot, { ...o, matches: [o.match] });
}

/**
 * Admits a request on every rank, or on none.
 *
 * @returns The outcome of the first rank that cannot, otherwise that of rank 0.
 * @throws {AllocatorError} `slot/occupied`, `length/invalid`, or `rank/mismatch` when the matches
 *   of two ranks differ.
 */
export function admitWithPrefixOnEveryRank(
  caches: readonly PrefixCache[],
  slot: Slot,
  o: { readonly lengthTokens: number; readonly matches: readonly PrefixMatch[] },
): PageOutcome {
  const { hitTokens } = o.matches[0];
  if (o.matches.some((match) => match.hitTokens !== hitTokens)) {
    throw new AllocatorError(
      "rank/mismatch",
      { hits: o.matches.map((match) => match.hitTokens) },
      `Cannot admit a request to slot "${slot}": the ranks found prefixes of ` +
        `${o.matches.map((match) => match.hitTokens).join(" and ")} tokens; drive all caches alike`,
    );
  }
  if (o.lengthTokens <= hitTokens && hitTokens > 0) {
    throw new AllocatorError(
      "length/invalid",
      { slot, lengthTokens: o.lengthTokens, hitTokens },
      `Cannot admit "${o.lengthTokens}" tokens with a prefix of ${hitTokens}: leave at least one ` +
        `token to be computed`,
    );
  }
  caches.forEach((cache, rank) => attachPrefix(cache, slot, o.matches[rank].node));
  const outcome = extendWithPrefixOnEveryRank(caches, slot, { lengthTokens: o.lengthTokens });
  for (const cache of caches) {
    if (outcome.kind !== "allocated") {
      releaseWithPrefix(cache, slot);
      continue;
    }
    // Two prompts part here: what is kept by a later checkpoint's grace is now kept for its own sake.
    const node = attachedNode(cache, slot);
    if (node.depth > 0) setCheckpoint(cache, slot, node);
    cache.statistics.lookups++;
    if (hitTokens > 0) cache.statistics.hits++;
    cache.statistics.hitTokens += hitTokens;
  }
  return outcome;
}

/**
 * Grows a slot on every rank, or on none; cached prefixes that nothing uses are evicted where pages
 * are short.
 *
 * @returns The outcome of the first rank that cannot, otherwise that of rank 0.
 * @throws {AllocatorError} `slot/empty`.
 */
export function extendWithPrefixOnEveryRank(
  caches: readonly PrefixCache[],
  slot: Slot,
  o: { readonly lengthTokens: number } & GrowOptions,
): PageOutcome {
  let most = 0;
  for (const { allocator: a } of caches) {
    checkActiveSlot(a, slot);
    const obstacle = findObstacle(a, slot, o.lengthTokens, o);
    if (obstacle === null) continue;
    if (obstacle.kind === "refused") return obstacle;
    const { need } = obstacle.shortage;
    most = Math.max(most, a.state.pools.pools === 1 ? need / a.state.rows : need);
    if (!makeRoom(caches, most)) return obstacle;
  }
  const outcomes = caches.map((cache) => extend(cache.allocator, slot, o.lengthTokens, o));
  return outcomes[0];
}

/**
 * Adds the complete blocks that a request has computed to the cache, which takes a share in their
 * pages; where a block is cached already, full heads continue with its pages and free their own. Call it after each prefill step and before `recycle`, while the window pages of the step
 * are still there.
 *
 * @param o The prompt's complete blocks, tokens in the cache, and after how many blocks another
 *   request may continue; each checkpoint keeps the pages of one window.
 * @throws {AllocatorError} `slot/empty`; `position/invalid` when the pages do not hold the tokens.
 */
export function insertPrefix(
  cache: PrefixCache,
  slot: Slot,
  o: {
    readonly blocks: readonly number[];
    readonly cachedTokens: number;
    readonly checkpoints: readonly number[];
  },
): number {
  const { allocator: a } = cache;
  checkActiveSlot(a, slot);
  if (o.cachedTokens > a.state.columnsHeld[slot] * a.options.pageSizeTokens) {
    throw new AllocatorError(
      "position/invalid",
      { slot, cachedTokens: o.cachedTokens },
      `Cannot cache "${o.cachedTokens}" tokens of slot "${slot}": its pages hold ` +
        `${a.state.columnsHeld[slot] * a.options.pageSizeTokens}`,
    );
  }
  const end = Math.min(o.blocks.length, Math.floor(o.cachedTokens / cache.blockTokens));
  const before = cache.statistics.insertedBlocks;
  let node = attachedNode(cache, slot);
  while (node.depth < end) {
    const block = o.blocks[node.depth];
    const known = node.children.get(block);
    const child = known ?? insertBlock(cache, slot, { parent: node, block });
    if (known !== undefined) shareBlock(cache, slot, known);
    addUser(cache, child);
    node = child;
    if (!cache.keepsWindow || o.checkpoints.includes(node.depth)) setCheckpoint(cache, slot, node);
  }
  cache.attached[a.state.handles[slot]] = node;
  touchPrefix(cache, node);
  if (a.options.debug) assertValid(a, "insertPrefix");
  return cache.statistics.insertedBlocks - before;
}

/**
 * Ends a request: finish, abort and preemption alike. What the cache shares with it stays cached.
 *
 * @returns Pages that the request let go, over all heads.
 * @throws {AllocatorError} `slot/empty` when the slot holds none.
 * @throws {PageError} When the table names a page that the slot does not hold; nothing changes.
 */
export function releaseWithPrefix(cache: PrefixCache, slot: Slot): number {
  const node = attachedNode(cache, slot);
  const pages = release(cache.allocator, slot);
  cache.attached[cache.allocator.state.handles[slot]] = null;
  touchPrefix(cache, node);
  for (const block of prefixPath(node)) {
    block.users--;
    if (block.users === 0) countEvictable(cache, block, 1);
  }
  dropUseless(cache, node);
  return pages;
}
