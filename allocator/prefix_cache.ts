/**
 * A prefix cache over head-wise pages: a tree of prompt blocks whose pages requests share.
 *
 * Full heads share every page of a cached prefix. A window head at the end of a prefix of T tokens
 * sees only its sink pages and the pages from floor((T − W + 1)/P) on, so those are what the cache
 * keeps for it, and only at checkpoints: ends of prompts, and branches where prompts have been seen
 * to part. Every other window page is recycled as without a cache. A request can continue from a
 * checkpoint, or wherever the windows of later checkpoints happen to cover its own.
 *
 * @module
 */
import { type CacheAllocator, createAllocator } from "./allocator.ts";
import { type PageKey, type Slot, toPageKey } from "./ids.ts";
import { AllocatorError, type AllocatorOptions } from "./options.ts";

/** A block of a cached prefix, below the blocks before it. */
export interface PrefixNode {
  /** The block before it, or null for the root, which stands for the empty prefix. */
  readonly parent: PrefixNode | null;
  /** Id of its content; equal ids below one parent mean equal tokens. */
  readonly block: number;
  /** Blocks of the prefix that ends with it; 0 for the root. */
  readonly depth: number;
  /** The blocks that have followed it, by id. */
  readonly children: Map<number, PrefixNode>;
  /** Its pages, −1 where none is kept; int32 [rows, pages of a block]. */
  readonly pages: Int32Array;
  /** Checkpoints whose window or sinks reach each column; int32 [pages of a block]. */
  readonly reach: Int32Array;
  /** Columns whose window pages are kept. */
  keptColumns: number;
  /** Whether a request can continue after it, because its window is kept. */
  checkpoint: boolean;
  /** Live requests whose prefix runs through it. */
  users: number;
  /** When a request last used it, in operations of the cache. */
  lastUse: number;
  /** Whether it is still in the tree. */
  cached: boolean;
}

/** What a prefix cache has done so far. */
export interface PrefixStatistics {
  /** Requests admitted through the cache. */
  lookups: number;
  /** Those of them that found a prefix. */
  hits: number;
  /** Tokens that those requests did not have to compute. */
  hitTokens: number;
  /** Blocks in the tree now. */
  cachedBlocks: number;
  /** Blocks ever added. */
  insertedBlocks: number;
  /** Blocks evicted for lack of pages, or dropped because no request could continue from them. */
  evictedBlocks: number;
  /** Prefixes that now can be gone on from. */
  checkpoints: number;
}

/** A prefix cache and the allocator whose pages it shares. Create it with {@link createPrefixCache}. */
export interface PrefixCache {
  /** The allocator; admit, extend and release its requests through the cache. */
  readonly allocator: CacheAllocator;
  /** Tokens of a block, a multiple of P. */
  readonly blockTokens: number;
  /** Pages of a block. */
  readonly blockPages: number;
  /** Whether window heads lose pages, so that only checkpoints can be gone on from. */
  readonly keepsWindow: boolean;
  /** The empty prefix. */
  readonly root: PrefixNode;
  /** The deepest block of each request, by the allocator's handle; null without one. */
  readonly attached: (PrefixNode | null)[];
  /** Candidates for eviction, a binary min-heap by last use; stale entries are skipped. */
  readonly candidates: PrefixCandidate[];
  /** Counters. */
  readonly statistics: PrefixStatistics;
  /** Columns of full heads that eviction could free. */
  evictableFullColumns: number;
  /** Columns of window heads that eviction could free. */
  evictableWindowColumns: number;
  /** Operations so far. */
  clock: number;
}

/** A leaf that could be evicted, as it was when it became one. */
export interface PrefixCandidate {
  /** The leaf. */
  readonly node: PrefixNode;
  /** Its last use then; a later use makes the entry stale. */
  readonly lastUse: number;
}

/** What a prefix cache is made for. */
export interface PrefixCacheOptions extends AllocatorOptions {
  /** Tokens of a prompt block, a multiple of P. @default {512, the block of the Mooncake traces} */
  readonly blockTokens?: number;
  /**
   * Whether window heads of any rank lose pages. All ranks must be told the same, so that they keep
   * the same prefixes. @default {recycling is on and a row keeps a window}
   */
  readonly keepsWindow?: boolean;
}

/**
 * Creates an empty prefix cache over a new allocator.
 *
 * @throws {AllocatorError} When an option is out of range, or a block is not a whole number of pages.
 *
 * @example A second request finds the first one's prompt
 * ```ts
 * import {
 *   admitWithPrefix, createPrefixCache, findPrefix, headMapFromPattern, insertPrefix, toSlot,
 * } from "@headwise/headwise/allocator";
 * import assert from "node:assert/strict";
 *
 * const cache = createPrefixCache({
 *   layout: "pooled",
 *   heads: headMapFromPattern({
 *     layers: 1, kvHeads: 2, pattern: "first", ratio: 0.5, windowTokens: 17, sinkTokens: 0,
 *   }),
 *   slots: 2,
 *   pagesPerHead: 8,
 *   pageSizeTokens: 16,
 *   modelLengthTokens: 128,
 *   recycle: true,
 *   pageOrder: { kind: "identity" },
 *   blockTokens: 32,
 * });
 * const [first, second] = [0, 1].map((slot) => toSlot(slot, { limit: 2 }));
 * const blocks = [7, 9];
 * admitWithPrefix(cache, first, { lengthTokens: 70, match: findPrefix(cache, blocks, 69) });
 * insertPrefix(cache, first, { blocks, cachedTokens: 70, checkpoints: [2] });
 * const match = findPrefix(cache, blocks, 79);
 * assert.equal(match.hitTokens, 64);
 * const outcome = admitWithPrefix(cache, second, { lengthTokens: 80, match });
 * assert.deepEqual(outcome, { kind: "allocated", pages: 2 });
 * ```
 */
export function createPrefixCache(o: PrefixCacheOptions): PrefixCache {
  const { blockTokens = 512, keepsWindow, ...options } = o;
  const blockPages = blockTokens / o.pageSizeTokens;
  if (!Number.isInteger(blockPages) || blockPages < 1) {
    throw new AllocatorError(
      "options/invalid",
      { blockTokens, pageSizeTokens: o.pageSizeTokens },
      `Cannot create a prefix cache with blockTokens "${blockTokens}": give a multiple of the ` +
        `page size of ${o.pageSizeTokens} tokens`,
    );
  }
  const allocator = shareable(createAllocator(options));
  return {
    allocator,
    blockTokens,
    blockPages,
    keepsWindow: keepsWindow ?? (options.recycle && allocator.state.windowRows > 0),
    root: createNode(null, { block: -1, rows: 0, blockPages: 0 }),
    attached: Array<PrefixNode | null>(options.slots).fill(null),
    candidates: [],
    statistics: {
      lookups: 0,
      hits: 0,
      hitTokens: 0,
      cachedBlocks: 0,
      insertedBlocks: 0,
      evictedBlocks: 0,
      checkpoints: 0,
    },
    evictableFullColumns: 0,
    evictableWindowColumns: 0,
    clock: 0,
  };
}

/** The allocator with counted holders; no one has seen the original yet. */
function shareable(a: CacheAllocator): CacheAllocator {
  const references = new Int32Array(a.state.pools.owners.length);
  return {
    ...a,
    options: { ...a.options, prefixSharing: true },
    state: { ...a.state, pools: { ...a.state.pools, references } },
  };
}

/** Makes a block without any page. */
export function createNode(
  parent: PrefixNode | null,
  o: { readonly block: number; readonly rows: number; readonly blockPages: number },
): PrefixNode {
  return {
    parent,
    block: o.block,
    depth: parent === null ? 0 : parent.depth + 1,
    children: new Map(),
    pages: new Int32Array(o.rows * o.blockPages).fill(-1),
    reach: new Int32Array(o.blockPages),
    keptColumns: 0,
    checkpoint: false,
    users: 0,
    lastUse: 0,
    cached: true,
  };
}

/** The blocks of a prefix, first to last. */
export function prefixPath(node: PrefixNode): PrefixNode[] {
  const path: PrefixNode[] = [];
  for (let at = node; at.parent !== null; at = at.parent) path[at.depth - 1] = at;
  return path;
}

/** The deepest block of a slot's request; the root without one. */
export function attachedNode(cache: PrefixCache, slot: Slot): PrefixNode {
  return cache.attached[cache.allocator.state.handles[slot]] ?? cache.root;
}

/** Whether the pages of a row are kept only where a checkpoint reaches them. */
export function rowLosesPages(cache: PrefixCache, row: number): boolean {
  return cache.keepsWindow && cache.allocator.state.rowIsWindow[row] === 1;
}

/** Key of a page of a row in the pools. */
export function pageKey(cache: PrefixCache, row: number, page: number): PageKey {
  const { rowPools, pools } = cache.allocator.state;
  return toPageKey(pools.pagesPerPool, rowPools[row], page);
}
