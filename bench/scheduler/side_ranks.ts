/** The pools of a workload on one side of a comparison. */

import type { PageOrder } from "../../allocator/mod.ts";
import type { Workload } from "../../fixtures/mod.ts";
import type { Side } from "../result/mod.ts";
import { createRanks, type Ranks } from "./ranks.ts";

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
