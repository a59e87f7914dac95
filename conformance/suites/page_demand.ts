/** How many pages a request needs at most, and at least, by head kind. */
import type { HeadKind, Layout } from "../../allocator/mod.ts";
import type { AdmissionCommand, CacheSpec } from "../subject.ts";

/** Pages of one head by its kind. */
export interface PageDemand {
  /** Of a full head. */
  readonly full: number;
  /** Of a window head. */
  readonly window: number;
}

/**
 * Tells whether pools hold a demand.
 *
 * @param kinds Kind of each row of a layer group's heads, group by group.
 * @param freePages Free pages of each pool: one of every row, or one of all.
 */
export function holdsDemand(
  layout: Layout,
  kinds: readonly HeadKind[],
  { demand, freePages }: { readonly demand: PageDemand; readonly freePages: readonly number[] },
): boolean {
  const isUniform = layout === "uniform";
  const rows = isUniform ? [kinds.includes("full") ? "full" as const : "window" as const] : kinds;
  const needs = rows.map((kind) => demand[kind]);
  return layout === "pooled"
    ? needs.reduce((sum, need) => sum + need, 0) <= (freePages[0] ?? 0)
    : needs.every((need, pool) => need <= (freePages[pool] ?? 0));
}

/**
 * The demand that admission may count and no more: ceil(len/P) of a full head, and of a window head
 * ceil((W + C − 2)/P) + 1 pages with the sinks' and those taken ahead.
 */
export function demandOf(spec: CacheSpec, o: AdmissionCommand): PageDemand {
  const { pageSizeTokens, windowTokens, sinkTokens, preallocatedPages } = spec;
  const full = Math.ceil(o.lengthTokens / pageSizeTokens) + preallocatedPages;
  if (!spec.recycle || windowTokens === 0) return { full, window: full };
  const span = Math.ceil((windowTokens + o.stepTokens - 2) / pageSizeTokens) + 1;
  const sinks = Math.ceil(sinkTokens / pageSizeTokens);
  return { full, window: Math.min(full, span + sinks + preallocatedPages) };
}

/** The demand of the steps themselves, without a page ahead: with less, the request cannot run. */
export function leastDemandOf(spec: CacheSpec, o: AdmissionCommand): PageDemand {
  const { pageSizeTokens, windowTokens, sinkTokens } = spec;
  const full = Math.ceil(o.lengthTokens / pageSizeTokens);
  if (!spec.recycle || windowTokens === 0) return { full, window: full };
  let window = 0;
  for (let start = 0; start < o.lengthTokens; start += o.stepTokens) {
    const end = Math.min(start + o.stepTokens, o.lengthTokens);
    const sinks = Math.ceil(sinkTokens / pageSizeTokens);
    // Between page boundaries nothing is freed: what was dead at the last one is.
    const boundary = Math.floor(start / pageSizeTokens) * pageSizeTokens;
    const dead = Math.floor((Math.min(start, boundary) - windowTokens + 1) / pageSizeTokens);
    window = Math.max(window, Math.ceil(end / pageSizeTokens) - Math.max(0, dead - sinks));
  }
  return { full, window: Math.min(full, window) };
}
