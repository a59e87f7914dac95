/**
 * How many requests run while memory bounds the batch, from arithmetic alone.
 *
 * A request is admitted when its prefill's pages are free beside what running requests hold and
 * what is kept back for them. With C pages in the pool that runs out first, h pages of a decoding
 * request on the mean, a pages demanded at admission and r pages kept back for each running
 * request, n requests run where (n − 1)·(h + r) + a ≤ C.
 */

import { countWindowHeads, type HeadMap } from "../../allocator/mod.ts";
import type { ReservePolicy, SchedulerSettings } from "../../fixtures/mod.ts";
import type { ConcurrencyPrediction, Side } from "../result/mod.ts";

/** What the prediction is made from. */
export interface ConcurrencyOptions {
  /** Layout and recycling to predict for. */
  readonly side: Side;
  /** Head map of the measured rank. */
  readonly heads: HeadMap;
  /** Tokens of a page, P. */
  readonly pageSizeTokens: number;
  /** Page ids of each head, N. */
  readonly pagesPerHead: number;
  /** Slots, step budget, pages taken ahead, and reserve. */
  readonly scheduler: SchedulerSettings;
  /** Lengths of the requests in tokens. */
  readonly requests: readonly { readonly inputTokens: number; readonly outputTokens: number }[];
}

/**
 * Predicts the concurrency of a memory-bound batch. Against the limit H·F / ((H−S)·F + S·R) it
 * counts what an engine adds: pages taken ahead, a prefill chunk that a window head holds beside
 * its window, pages kept back, and that requests come whole.
 *
 * Means over requests are taken where lengths differ; a decoding request counts as long as it
 * decodes. Draft tokens are left out: they add less than a page.
 *
 * @param o Side, head map, memory, scheduler and lengths.
 */
export function predictConcurrency(o: ConcurrencyOptions): ConcurrencyPrediction {
  const { side, heads, scheduler } = o;
  const rows = heads.groups.length * heads.kvHeads;
  const windowRows = countWindowHeads(heads);
  const recycles = side.recycle && windowRows > 0 && side.layout !== "uniform";
  const full = demandOf(o, { window: false });
  const window = recycles ? demandOf(o, { window: true }) : full;
  const pooled = side.layout === "pooled";
  // A pool for each head is as short as that of its full heads, where there is one.
  const [fullShare, windowShare] = pooled
    ? [rows - windowRows, windowRows]
    : windowRows < rows
    ? [1, 0]
    : [0, 1];
  const total = (key: keyof Demand): number => fullShare * full[key] + windowShare * window[key];
  const capacityPages = o.pagesPerHead * (pooled ? rows : 1);
  const heldPages = total("held");
  const admissionPages = total("admission");
  const kept = pooled && recycles ? rows - windowRows : fullShare + windowShare;
  const reservePages = keptBack(scheduler.reserve, o) * kept;
  const room = (capacityPages - admissionPages) / (heldPages + reservePages);
  const whole = (room >= 0 ? (isUniform(o) ? Math.floor(room) : room - 0.5) : -1) + 1;
  const byPages = Math.max(0, whole);
  const most = Math.min(scheduler.maxSequences, o.requests.length);
  return {
    side: side.name,
    capacityPages,
    heldPages,
    admissionPages,
    reservePages,
    roomRequests: room + 1,
    concurrency: Math.min(byPages, most),
    boundBy: byPages <= most ? "pages" : "slots",
  };
}

interface Demand {
  /** Pages of one head while its request decodes, on the mean. */
  readonly held: number;
  /** Pages of one head that admission asks for. */
  readonly admission: number;
}

function demandOf(o: ConcurrencyOptions, { window }: { window: boolean }): Demand {
  const { pageSizeTokens: page, scheduler, heads } = o;
  const limit = Math.ceil(scheduler.modelLengthTokens / page);
  const spanPages = (stepTokens: number): number =>
    Math.ceil((heads.windowTokens - 2 + stepTokens) / page) + 1 +
    Math.ceil(heads.sinkTokens / page);
  let [held, weights, admission] = [0, 0, 0];
  for (const { inputTokens, outputTokens } of o.requests) {
    // ceil(length / P) over the output is half a page above length / P; pages taken ahead are used
    // up one by one, so that half of them stand empty.
    const meanPages = (inputTokens + outputTokens / 2) / page + 0.5;
    const kept = window ? Math.min(meanPages, spanPages(1)) : meanPages;
    held += outputTokens * Math.min(kept + scheduler.preallocatedPages / 2, limit);
    weights += outputTokens;
    const prompt = Math.ceil(inputTokens / page);
    const chunk = Math.min(inputTokens, scheduler.maxBatchedTokens);
    admission += window ? Math.min(prompt, spanPages(chunk) + scheduler.preallocatedPages) : prompt;
  }
  const count = Math.max(1, o.requests.length);
  return { held: held / Math.max(1, weights), admission: admission / count };
}

/** Pages per head kept back for one running request once the reserve has decayed to its floor. */
function keptBack(reserve: ReservePolicy, o: ConcurrencyOptions): number {
  if (reserve.kind === "none") return 0;
  if (reserve.kind === "pages") return reserve.floorPages;
  let [pages, weights] = [0, 0];
  for (const { outputTokens } of o.requests) {
    // The mean of ceil(x) while x falls from `most` to 0.
    const most = Math.min(outputTokens, reserve.capTokens) * reserve.floorRatio / o.pageSizeTokens;
    const below = Math.floor(most);
    const area = below * (below + 1) / 2 + (most - below) * (below + 1);
    pages += outputTokens * (most === 0 ? 0 : area / most);
    weights += outputTokens;
  }
  return pages / Math.max(1, weights);
}

function isUniform({ requests }: ConcurrencyOptions): boolean {
  return requests.every(({ inputTokens, outputTokens }) =>
    inputTokens === requests[0].inputTokens && outputTokens === requests[0].outputTokens
  );
}
