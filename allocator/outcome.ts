import type { Layout } from "./block_table.ts";

/** A demand that the pools cannot meet: it was refused whole, and nothing changed. */
export interface PageShortage {
  /** The layout of the pools. */
  readonly layout: Layout;
  /** The layer group whose pool is short; 0 where one pool serves all groups. */
  readonly group: number;
  /** The head whose pool is short, or null where one pool serves all heads. */
  readonly head: number | null;
  /** Pages asked of that pool. */
  readonly need: number;
  /** Pages free in it; pages that wait for a step in flight are not free. */
  readonly free: number;
  /** Pages it has in all. */
  readonly capacity: number;
}

/** Why a length was refused, whatever the pools hold. */
export type RefusalReason = "past-columns" | "past-model-length" | "below-recycled";

/** What became of a request for pages. Only `allocated` has changed anything. */
export type PageOutcome =
  | {
    /** The slot holds the length. */
    readonly kind: "allocated";
    /** Pages that were newly taken, over all heads and groups. */
    readonly pages: number;
  }
  | {
    /** Too few free pages; try again after others have been freed. */
    readonly kind: "shortage";
    /** What was asked, free and there in all. */
    readonly shortage: PageShortage;
  }
  | {
    /** The length can never be held. */
    readonly kind: "refused";
    /** Which limit it breaks. */
    readonly reason: RefusalReason;
    /** The length that was asked for, in tokens. */
    readonly lengthTokens: number;
    /** The limit in tokens: the greatest length that fits, or the least for `below-recycled`. */
    readonly limitTokens: number;
  };

/**
 * Says an outcome in words.
 *
 * @returns One sentence with need, free and capacity, or with the limit.
 */
export function describeOutcome(outcome: PageOutcome): string {
  switch (outcome.kind) {
    case "allocated":
      return `Allocated ${outcome.pages} pages`;
    case "shortage": {
      const { group, head, need, free, capacity } = outcome.shortage;
      const pool = head === null ? "the pool" : `the pool of group ${group}, head ${head}`;
      return `Cannot take pages from ${pool}: need ${need}, free ${free}, capacity ${capacity}; ` +
        `free pages or preempt a request`;
    }
    case "refused":
      return `Cannot hold ${outcome.lengthTokens} tokens ("${outcome.reason}"): the limit is ` +
        `${outcome.limitTokens} tokens`;
  }
}
