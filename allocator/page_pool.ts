/**
 * Page pools: for every pool a bitmap of free ordinals, for every page its owner. All memory is
 * flat typed arrays that are allocated once.
 *
 * A pool hands out its least free ordinal; the page order turns ordinals into ids. So pools of equal
 * history make equal decisions, wherever their pages lie.
 *
 * @module
 */
import { addOrdinal, type Bitmaps, createFullBitmaps, takeLeast, takeLeastOf } from "./bitmap.ts";
import { HOLE, type Page, type PageKey, pageOfPool, toPageKey } from "./ids.ts";
import { createRandom, shufflePermutation } from "./random.ts";

/** How ordinals become ids: the ordinal itself, or a seeded permutation, an own one for each pool. */
export type PageOrder =
  | { readonly kind: "identity" }
  | { readonly kind: "shuffled"; readonly seed: number };

/** The owner of a page that is free. */
export const FREE_PAGE: -1 = -1;

/** The owner of a freed page that steps in flight may still touch. */
export const QUARANTINED_PAGE: -2 = -2;

/** The owner of a page with several holders, which are counted; see `references`. */
export const SHARED_PAGE: -4 = -4;

// Stand in for an owner while a row is being checked, so that an id named twice is seen.
const CHECKED_PAGE = -3;
const CHECKED_SHARED_PAGE = -5;

/** A set of pools of equal size. Page keys are pool·pagesPerPool + id. */
export interface PagePools {
  /** Number of pools. */
  readonly pools: number;
  /** Pages of each pool. */
  readonly pagesPerPool: number;
  /** Free ordinals, a set a pool. */
  readonly free: Bitmaps;
  /** Free pages of each pool; int32 [pools]. */
  readonly freeCounts: Int32Array;
  /** Owner of each page: ≥ 0 held, −1 free, −2 quarantined, −4 shared; int32 [pools, pagesPerPool]. */
  readonly owners: Int32Array;
  /** Holders of each shared page, null where none can be shared; int32 [pools, pagesPerPool]. */
  readonly references: Int32Array | null;
  /** Id of each ordinal, or null where id = ordinal; uint32 [pools, pagesPerPool]. */
  readonly idOfOrdinal: Uint32Array | null;
  /** Ordinal of each id, or null where id = ordinal; uint32 [pools, pagesPerPool]. */
  readonly ordinalOfId: Uint32Array | null;
}

/** Why a page cannot be freed. */
export type PageErrorCode = "page/foreign" | "page/double-free" | "page/missing";

/** A free that was refused: nothing has changed. */
export class PageError extends RangeError {
  /** Stable code for callers that branch. */
  readonly code: PageErrorCode;
  /** The pool that was asked. */
  readonly pool: number;
  /** The id that was refused. */
  readonly page: number;

  /** Builds the error from its code, the pool, the refused id and a full message. */
  constructor(code: PageErrorCode, o: { pool: number; page: number }, message: string) {
    super(message);
    this.name = "PageError";
    this.code = code;
    this.pool = o.pool;
    this.page = o.page;
  }
}

/**
 * Creates pools whose pages are all free.
 *
 * @returns The pools; O(pools·pagesPerPool) memory, 4.13 bytes per page, 12.13 where shuffled.
 * @throws {RangeError} When a size is no positive integer or there are 2^31 pages or more.
 */
export function createPagePools(
  o: { readonly pools: number; readonly pagesPerPool: number; readonly pageOrder: PageOrder },
): PagePools {
  const { pools, pagesPerPool, pageOrder } = o;
  for (const [name, value] of Object.entries({ pools, pagesPerPool })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(
        `Cannot create pools with ${name} "${value}": give a positive integer`,
      );
    }
  }
  const pages = pools * pagesPerPool;
  if (pages >= 2147483648) {
    throw new RangeError(
      `Cannot create pools of "${pages}" pages: ids are int32, give fewer than 2^31 pages`,
    );
  }
  const shuffled = pageOrder.kind === "shuffled";
  const idOfOrdinal = shuffled ? new Uint32Array(pages) : null;
  const ordinalOfId = shuffled ? new Uint32Array(pages) : null;
  if (shuffled && idOfOrdinal !== null && ordinalOfId !== null) {
    const seeds = createRandom(pageOrder.seed);
    for (let pool = 0; pool < pools; pool++) {
      const permutation = shufflePermutation(pagesPerPool, createRandom(seeds.nextUint32()));
      const offset = pool * pagesPerPool;
      idOfOrdinal.set(permutation, offset);
      for (let ordinal = 0; ordinal < pagesPerPool; ordinal++) {
        ordinalOfId[offset + permutation[ordinal]] = ordinal;
      }
    }
  }
  return {
    pools,
    pagesPerPool,
    free: createFullBitmaps(pools, pagesPerPool),
    freeCounts: new Int32Array(pools).fill(pagesPerPool),
    owners: new Int32Array(pages).fill(FREE_PAGE),
    references: null,
    idOfOrdinal,
    ordinalOfId,
  };
}

/**
 * Takes the least free page of a pool: a few words touched, no garbage.
 *
 * @param owner The new owner, ≥ 0.
 * @returns The page's id, or −1 when the pool is empty.
 */
export function takePage(pools: PagePools, pool: number, owner: number): Page | typeof HOLE {
  const { freeCounts, idOfOrdinal, owners } = pools;
  const free = freeCounts[pool];
  if (free === 0) return HOLE;
  freeCounts[pool] = free - 1;
  const offset = Math.imul(pool, pools.pagesPerPool);
  const ordinal = takeLeast(pools.free, pool);
  const page = idOfOrdinal === null ? ordinal : idOfOrdinal[offset + ordinal | 0];
  owners[offset + page | 0] = owner;
  return pageOfPool(page);
}

/**
 * Takes the least free pages of a pool, ascending by ordinal: the same pages as by {@link takePage}
 * one at a time, in one walk. No garbage.
 *
 * @param pool The pool to take from; the caller has made sure that it has as many.
 * @param owner The new owner, ≥ 0.
 * @param count How many, ≥ 0.
 */
export function takePages(
  pools: PagePools,
  pool: number,
  owner: number,
  into: Int32Array,
  start: number,
  count: number,
): void {
  const { owners, idOfOrdinal } = pools;
  const offset = pool * pools.pagesPerPool;
  takeLeastOf(pools.free, pool, into, start, count);
  pools.freeCounts[pool] -= count;
  const end = start + count;
  for (let i = start; i < end; i++) {
    const page = idOfOrdinal === null ? into[i] : idOfOrdinal[offset + into[i] | 0];
    into[i] = page;
    owners[offset + page | 0] = owner;
  }
}

/** One page as its holder names it. */
export interface HeldPage {
  /** The pool that the page came from. */
  readonly pool: number;
  /** The page's id in that pool. */
  readonly page: number;
  /** The owner that took it. */
  readonly owner: number;
}

/**
 * Gives a held page back to its pool: a few words touched, no garbage.
 *
 * @throws {PageError} When the page is not held by this owner in this pool; nothing changes.
 */
export function freePage(pools: PagePools, o: HeldPage): void {
  const error = findPageError(pools, o.pool, o.page, o.owner);
  if (error !== null) throw error;
  putPage(pools, toPageKey(pools.pagesPerPool, o.pool, o.page));
}

/**
 * Gives a page back to its pool, by key and without a check: for callers that have checked the owner
 * already.
 *
 * @param key The page's key: pool·pagesPerPool + id.
 */
export function putPage(pools: PagePools, key: PageKey): void {
  const pool = pools.pools === 1 ? 0 : Math.floor(key / pools.pagesPerPool);
  const ordinal = pools.ordinalOfId === null
    ? key - pool * pools.pagesPerPool
    : pools.ordinalOfId[key];
  addOrdinal(pools.free, pool, ordinal);
  pools.freeCounts[pool]++;
  pools.owners[key] = FREE_PAGE;
}

/**
 * Gives pages of one pool back to it, as {@link putPage} does one at a time. No garbage.
 *
 * @param ids Keys less `offset`, or holes, which are passed over.
 * @param count Number of places, ≥ 0.
 * @param offset What is added to an id to make a key: 0, or pool·pagesPerPool.
 * @returns Pages given back.
 */
export function putPages(
  pools: PagePools,
  pool: number,
  ids: Int32Array,
  start: number,
  count: number,
  offset: number,
): number {
  const { owners, ordinalOfId, free } = pools;
  const toOrdinal = offset - pool * pools.pagesPerPool;
  const end = start + count;
  let put = count;
  for (let i = start; i < end; i++) {
    const id = ids[i];
    if (id === HOLE) {
      put--;
      continue;
    }
    const key = offset + id | 0;
    addOrdinal(free, pool, ordinalOfId === null ? toOrdinal + id | 0 : ordinalOfId[key]);
    owners[key] = FREE_PAGE;
  }
  pools.freeCounts[pool] += put;
  return put;
}

function findPageError(
  pools: PagePools,
  pool: number,
  page: number,
  owner: number,
): PageError | null {
  const known = Number.isInteger(pool) && pool >= 0 && pool < pools.pools &&
    Number.isInteger(page) && page >= 0 && page < pools.pagesPerPool;
  if (!known) {
    return new PageError(
      "page/foreign",
      { pool, page },
      `Cannot free page "${page}" of pool "${pool}": ids are integers in ` +
        `[0, ${pools.pagesPerPool}) of pools in [0, ${pools.pools}); free what the pool handed out`,
    );
  }
  const holder = pools.owners[pool * pools.pagesPerPool + page];
  if (holder === owner && owner >= 0) return null;
  if (holder >= 0 || holder === SHARED_PAGE) {
    return new PageError(
      "page/foreign",
      { pool, page },
      `Cannot free page "${page}" of pool "${pool}" for owner "${owner}": ` +
        `${holder === SHARED_PAGE ? "others share" : `owner "${holder}" holds`} it; free it ` +
        `through its holder`,
    );
  }
  return new PageError(
    "page/double-free",
    { pool, page },
    `Cannot free page "${page}" of pool "${pool}": it is ` +
      `${holder === QUARANTINED_PAGE ? "freed and waits for a step" : "free"} already, or named ` +
      `twice; free each page once`,
  );
}

/**
 * Checks that every id of a stretch is held by one owner, and that none is named twice. It changes
 * nothing, so a caller can check all rows before it frees the first.
 *
 * @param count Number of entries, holes included.
 * @returns The number of ids; holes do not count.
 * @throws {PageError} When an id is foreign, free or named twice.
 */
export function checkHeldStretch(
  pools: PagePools,
  ids: Int32Array,
  pool: number,
  owner: number,
  offset: number,
  count: number,
): number {
  const { owners } = pools;
  const base = pool * pools.pagesPerPool;
  const end = offset + count;
  let holes = 0;
  let checked = offset;
  for (; checked < end; checked++) {
    const page = ids[checked];
    if (page === HOLE) {
      holes++;
      continue;
    }
    const key = base + page | 0;
    const isKnown = page >= 0 && page < pools.pagesPerPool;
    if (isKnown && owner >= 0 && owners[key] === owner) owners[key] = CHECKED_PAGE;
    else if (isKnown && owners[key] === SHARED_PAGE) owners[key] = CHECKED_SHARED_PAGE;
    else break;
  }
  const error = checked < end ? findPageError(pools, pool, ids[checked], owner) : null;
  for (let i = offset; i < checked; i++) {
    const key = base + ids[i] | 0;
    if (ids[i] !== HOLE) owners[key] = owners[key] === CHECKED_PAGE ? owner : SHARED_PAGE;
  }
  if (error !== null) throw error;
  return count - holes;
}
