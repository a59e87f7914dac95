import { checkTableShape, type Layout } from "./block_table.ts";
import { checkHeadMap, type HeadMap } from "./head_map.ts";
import type { PageOrder } from "./page_pool.ts";

/** What an allocator is made for. */
export interface AllocatorOptions {
  /** Table layout; it also decides how many pools there are. */
  readonly layout: Layout;
  /** Window heads by layer group, local to the rank. */
  readonly heads: HeadMap;
  /** Batch slots B. */
  readonly slots: number;
  /** Pages N of each head; the flat pool has N·H·Lg. */
  readonly pagesPerHead: number;
  /** Tokens per page P, a power of two in 16…256. */
  readonly pageSizeTokens: number;
  /** The longest request of the model in tokens. */
  readonly modelLengthTokens: number;
  /** Columns M of the table; ceil(modelLengthTokens/P) unless given. */
  readonly columns?: number;
  /** Pages a head that growth takes ahead where asked to. @default {2} */
  readonly preallocatedPages?: number;
  /** Whether pages that a window has left are freed before the request ends. */
  readonly recycle: boolean;
  /** Where pages lie. */
  readonly pageOrder: PageOrder;
  /** Whether a draft model's table is kept alike. @default {false} */
  readonly draftTables?: boolean;
  /**
   * Whether requests share prefix pages. An allocator by itself gives each page one owner, so asking
   * it is refused by name; a prefix cache counts the holders and sets this. @default {false}
   */
  readonly prefixSharing?: boolean;
  /** Whether every operation ends with a full validation: O(pages). @default {false} */
  readonly debug?: boolean;
}

/** Options with every default filled in. */
export type ResolvedAllocatorOptions = Required<AllocatorOptions>;

/** What an allocator refuses of its caller. */
export type AllocatorErrorCode =
  | "options/invalid"
  | "prefix/window"
  | "slot/occupied"
  | "slot/empty"
  | "slot/order"
  | "length/invalid"
  | "position/invalid"
  | "rank/mismatch"
  | "debug/violation";

/**
 * A misuse of the allocator: the call was refused and nothing changed (a `debug/violation`, which
 * is found after the fact, excepted).
 */
export class AllocatorError extends Error {
  /** Stable code for callers that branch. */
  readonly code: AllocatorErrorCode;
  /** The values that were refused. */
  readonly data: Readonly<Record<string, unknown>>;

  /** Builds the error from its code, the refused values and a full message. */
  constructor(
    code: AllocatorErrorCode,
    data: Readonly<Record<string, unknown>>,
    message: string,
  ) {
    super(message);
    this.name = "AllocatorError";
    this.code = code;
    this.data = data;
  }
}

function checkInteger(name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) {
    throw new AllocatorError(
      "options/invalid",
      { [name]: value },
      `Cannot create an allocator with ${name} "${value}": give an integer of at least ${least}`,
    );
  }
}

/**
 * Checks allocator options and fills in the defaults, before anything is allocated.
 *
 * @throws {AllocatorError} When a value is out of range, or prefix sharing is asked for.
 * @throws {HeadMapError} When the head map is inconsistent.
 */
export function resolveAllocatorOptions(o: AllocatorOptions): ResolvedAllocatorOptions {
  checkHeadMap(o.heads);
  checkInteger("slots", o.slots, 1);
  checkInteger("pagesPerHead", o.pagesPerHead, 1);
  checkInteger("modelLengthTokens", o.modelLengthTokens, 1);
  checkInteger("preallocatedPages", o.preallocatedPages ?? 2, 0);
  const size = o.pageSizeTokens;
  if (!Number.isInteger(size) || size < 16 || size > 256 || (size & (size - 1)) !== 0) {
    throw new AllocatorError(
      "options/invalid",
      { pageSizeTokens: size },
      `Cannot create an allocator with pageSizeTokens "${size}": give a power of two in [16, 256]`,
    );
  }
  if (o.prefixSharing === true) {
    throw new AllocatorError(
      o.recycle ? "prefix/window" : "options/invalid",
      { prefixSharing: true, recycle: o.recycle },
      `Cannot create an allocator with prefixSharing "true": ` +
        (o.recycle
          ? `a recycled page could lie in another request's window; `
          : `pages have one owner; `) +
        `create it with createPrefixCache, which counts the holders of every page`,
    );
  }
  const columns = o.columns ?? Math.ceil(o.modelLengthTokens / size);
  checkTableShape({
    layout: o.layout,
    layerGroups: o.heads.groups.length,
    slots: o.slots,
    kvHeads: o.heads.kvHeads,
    columns,
  });
  return {
    ...o,
    columns,
    preallocatedPages: o.preallocatedPages ?? 2,
    draftTables: o.draftTables ?? false,
    prefixSharing: false,
    debug: o.debug ?? false,
  };
}
