import type { CacheAllocator } from "./allocator.ts";
import { AllocatorError } from "./options.ts";

/** A request as admission sees it. */
export interface AdmissionQuestion {
  /** Tokens that the request is admitted for. */
  readonly lengthTokens: number;
  /**
   * The most tokens that one step writes for it: the prefill chunk, or 1 + draft tokens. A window
   * head holds the window before the chunk and the chunk itself. @default {1}
   */
  readonly stepTokens?: number;
}

/** Pages that a request needs at most at any time. */
export interface PageDemand {
  /** Pages of one full head. */
  readonly fullHeadPages: number;
  /** Pages of one window head. */
  readonly windowHeadPages: number;
  /** Pages over all heads and groups; uniform pages count once. */
  readonly totalPages: number;
}

/**
 * Counts the pages that a request needs by head kind. Full heads hold ceil(len/P). Window heads
 * hold the same with recycling off; with recycling on no more than
 * ceil((W − 1 + step − 1)/P) + 1 + ceil(S/P) + preallocated pages, the span of W − 1 keys and a
 * step's tokens wherever it lies on the pages. With a step of one token that is the steady state
 * of decoding, ceil((W−1)/P) + 1 pages.
 *
 * The bound holds where {@link recycle} is called before each growth and chunks end on page
 * boundaries (the last one excepted).
 *
 * @throws {AllocatorError} `length/invalid` when a count is no integer ≥ 0.
 */
export function pagesForLength(a: CacheAllocator, o: AdmissionQuestion): PageDemand {
  const stepTokens = o.stepTokens ?? 1;
  checkCount("lengthTokens", o.lengthTokens);
  checkCount("stepTokens", stepTokens);
  const fullHeadPages = Math.ceil(o.lengthTokens / a.options.pageSizeTokens);
  const windowHeadPages = a.options.recycle
    ? Math.min(fullHeadPages, windowPageBound(a, stepTokens))
    : fullHeadPages;
  const { rows, windowRows } = a.state;
  return {
    fullHeadPages,
    windowHeadPages,
    totalPages: fullHeadPages * (rows - windowRows) + windowHeadPages * windowRows,
  };
}

function checkCount(name: string, value: number): void {
  if (Number.isInteger(value) && value >= 0) return;
  throw new AllocatorError(
    "length/invalid",
    { [name]: value },
    `Cannot count pages for ${name} "${value}": give an integer of at least 0`,
  );
}

function windowPageBound(a: CacheAllocator, stepTokens: number): number {
  const { heads, pageSizeTokens, preallocatedPages } = a.options;
  const spanTokens = heads.windowTokens - 1 + Math.max(stepTokens, 1);
  return Math.ceil((spanTokens - 1) / pageSizeTokens) + 1 + a.state.sinkPages + preallocatedPages;
}

/** An admission question with a reserve for the requests that run already. */
export interface ReservedQuestion extends AdmissionQuestion {
  /** Pages a head that stay free for running requests. @default {0} */
  readonly reservePages?: number;
}

/**
 * Tells whether the free pages hold a request and a reserve. It asks the pools themselves, each
 * for what its head kind needs, so it refuses nothing that they can hold.
 *
 * @throws {AllocatorError} `length/invalid` when a count is no integer ≥ 0.
 */
export function canAdmit(a: CacheAllocator, o: ReservedQuestion): boolean {
  const demand = pagesForLength(a, o);
  const reserve = o.reservePages ?? 0;
  const { pools, rows, rowIsWindow } = a.state;
  if (a.options.layout !== "headwise") {
    return demand.totalPages + reserve * rows <= pools.freeCounts[0];
  }
  for (let row = 0; row < rows; row++) {
    const need = rowIsWindow[row] === 1 ? demand.windowHeadPages : demand.fullHeadPages;
    if (need + reserve > pools.freeCounts[row]) return false;
  }
  return true;
}

/**
 * Tells whether the pools hold a request when nothing else is in them, and the table and the model
 * its length: a request that fails here fails always.
 *
 * @throws {AllocatorError} `length/invalid` when a count is no integer ≥ 0.
 */
export function canEverAdmit(a: CacheAllocator, o: AdmissionQuestion): boolean {
  const demand = pagesForLength(a, o);
  const { modelLengthTokens, columns, pageSizeTokens, layout } = a.options;
  if (o.lengthTokens > Math.min(modelLengthTokens, columns * pageSizeTokens)) return false;
  const { pagesPerPool } = a.state.pools;
  if (layout !== "headwise") return demand.totalPages <= pagesPerPool;
  const { rows, windowRows } = a.state;
  const most = windowRows < rows ? demand.fullHeadPages : demand.windowHeadPages;
  return most <= pagesPerPool;
}
