/**
 * Branded integers: pages, slots, heads and groups are told apart by type, and a value from outside
 * is checked against its space and never reduced modulo it, which would alias another's page.
 *
 * @module
 */

/** The only negative id: a row entry that names no page. */
export const HOLE: -1 = -1;

/**
 * A page id as a pool hands it out and a table's entry names it: in [0, N) of one head's pool, or in
 * [0, N·H·Lg) of the one flat pool in layout `pooled`.
 */
export type Page = number & { readonly idSpace: "Page" };

/** A page of all pools of an allocator: pool·N + id, for arrays over every page. */
export type PageKey = number & { readonly idSpace: "PageKey" };

/** A batch slot, in [0, B). */
export type Slot = number & { readonly idSpace: "Slot" };

/** A KV head local to the rank, in [0, H). */
export type Head = number & { readonly idSpace: "Head" };

/** A group of layers that share one set of window heads, in [0, Lg). */
export type LayerGroup = number & { readonly idSpace: "LayerGroup" };

/** The name of an id space. */
export type IdSpace = "Slot" | "Head" | "LayerGroup";

/** A value that does not belong to the id space it was handed to. */
export class IdSpaceError extends RangeError {
  /** Stable code for callers that branch. */
  readonly code = "id/out-of-space";
  /** The space that the value was meant for. */
  readonly space: IdSpace;
  /** The value itself, unchanged. */
  readonly value: number;
  /** Number of ids in the space; valid ids are [0, limit). */
  readonly limit: number;

  /** Builds the error from the space, the value and the space's size. */
  constructor(space: IdSpace, value: number, limit: number) {
    super(
      `Cannot use "${value}" as a ${space}: ids of this space are integers in [0, ${limit}); ` +
        `convert between id spaces by their owner, an id is never reduced modulo the pool`,
    );
    this.name = "IdSpaceError";
    this.space = space;
    this.value = value;
    this.limit = limit;
  }
}

/** The size of an id space. */
export interface IdLimit {
  /** Number of ids; valid ids are the integers in [0, limit). */
  readonly limit: number;
}

function checkId(space: IdSpace, value: number, limit: number): void {
  if (!Number.isInteger(value) || value < 0 || value >= limit) {
    throw new IdSpaceError(space, value, limit);
  }
}

/**
 * Checks a batch slot.
 *
 * @throws {IdSpaceError} When the value is no integer in [0, B).
 */
export function toSlot(value: number, o: IdLimit): Slot {
  checkId("Slot", value, o.limit);
  return value as Slot;
}

/** Every slot of a batch, for code that counts through them. */
export function slotsOf(count: number): readonly Slot[] {
  return Array.from({ length: count }, (_, slot) => slot as Slot);
}

/**
 * Brands what a pool hands out; the pool vouches for its range.
 *
 * @param value An id in [0, N) of the pool.
 */
export function pageOfPool(value: number): Page {
  return value as Page;
}

/**
 * The key of a page over all pools.
 *
 * @param page The page's id in it, in range: one that a pool handed out or a table names.
 * @returns pool·N + id.
 */
export function toPageKey(pagesPerPool: number, pool: number, page: number): PageKey {
  return pool * pagesPerPool + page as PageKey;
}

/**
 * Checks a KV head of this rank.
 *
 * @throws {IdSpaceError} When the value is no integer in [0, H).
 */
export function toHead(value: number, o: IdLimit): Head {
  checkId("Head", value, o.limit);
  return value as Head;
}

/**
 * Checks a layer group.
 *
 * @throws {IdSpaceError} When the value is no integer in [0, Lg).
 */
export function toLayerGroup(value: number, o: IdLimit): LayerGroup {
  checkId("LayerGroup", value, o.limit);
  return value as LayerGroup;
}
