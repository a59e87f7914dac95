/**
 * The scheduler of this project, which is no one's: decode rows first, then chunks of running
 * prefills in the order of their admission, then new requests whose whole prompt fits beside what
 * running requests still lack. Prefills are never preempted but to resolve a deadlock, and the last
 * decoding request gives way first.
 */

import {
  allocatedColumns,
  countWindowHeads,
  heldPages,
  pagesForLength,
  type ReservedQuestion,
} from "../../allocator/mod.ts";
import { admitRequest } from "./admit.ts";
import { isWithinAvailability } from "./availability.ts";
import { chunkTokens } from "./chunk.ts";
import type { LiveRequest } from "./live_request.ts";
import {
  decayRatio,
  draftTokensOf,
  growRequest,
  planRow,
  preempt,
  requireSlot,
  type Scheduler,
  type SchedulerPolicy,
  type StepPlan,
} from "./scheduler.ts";

/** See the module. */
export const REFERENCE_POLICY: SchedulerPolicy = {
  planRunning(scheduler, plan): void {
    const { settings, speculative, running } = scheduler;
    let decoding = 0;
    for (const request of running) if (request.decoding) decoding++;
    const preempted = planDecodeRows(scheduler, plan);
    // The whole row is reserved, also where the end of a request leaves fewer draft tokens to try.
    const rowTokens = 1 + (speculative?.draftTokens ?? 0);
    plan.budgetTokens = Math.max(0, settings.maxBatchedTokens - decoding * rowTokens);
    const blocked = !planChunks(scheduler, plan);
    plan.admitting = !preempted && !blocked;
    decayRatio(scheduler);
  },

  admit: (scheduler, plan, request): boolean =>
    admitRequest(scheduler, plan, request, {
      tokens: () => chunkTokens(scheduler, request, plan.budgetTokens),
      question: () => questionOf(scheduler, plan, request),
      // What is cached gives way to a request that no one runs beside, and then it fits.
      always: scheduler.ranks.prefix !== undefined && scheduler.running.length === 0,
    }),

  /** The share that running requests have used of what they may generate is what was foreseeable. */
  reserveAfterPreemption(scheduler): number {
    const { reserve } = scheduler.settings;
    if (reserve.kind !== "ratio") return scheduler.reserve;
    let [generated, allowed] = [0, 0];
    for (const other of scheduler.running) {
      generated += other.generated;
      allowed += other.outputTokens;
    }
    const seen = allowed === 0 ? reserve.initialRatio : generated / allowed;
    return Math.min(1, Math.max(scheduler.reserve, seen));
  },
};

/** Plans decode rows; returns whether a request was preempted. */
function planDecodeRows(scheduler: Scheduler, plan: StepPlan): boolean {
  const { running } = scheduler;
  let preempted = false;
  for (let index = 0; index < running.length; index++) {
    const request = running[index];
    if (!request.decoding) continue;
    const tokens = 1 + draftTokensOf(scheduler, request);
    if (plan.budgetTokens < tokens) break;
    const lengthTokens = request.cached + tokens;
    while (!growRequest(scheduler, request, lengthTokens, true)) {
      // The row itself may still fit where the pages taken ahead do not.
      if (growRequest(scheduler, request, lengthTokens)) break;
      const victim = running.findLast((other) => other.decoding)!;
      preempt(scheduler, victim);
      preempted = true;
      if (victim === request) break;
    }
    if (request.slot === null) {
      index--;
      continue;
    }
    planRow(scheduler, plan, request, tokens);
    plan.budgetTokens -= tokens;
  }
  return preempted;
}

/** Plans chunks of running prefills; returns false when one is blocked. */
function planChunks(scheduler: Scheduler, plan: StepPlan): boolean {
  for (const request of scheduler.running) {
    if (request.decoding) continue;
    const tokens = chunkTokens(scheduler, request, plan.budgetTokens);
    if (tokens === 0) return false;
    if (!growRequest(scheduler, request, request.cached + tokens)) {
      scheduler.shortOfPages = true;
      return false;
    }
    planRow(scheduler, plan, request, tokens);
    plan.budgetTokens -= tokens;
  }
  return true;
}

function questionOf(
  scheduler: Scheduler,
  { admitted }: StepPlan,
  { prefillTokens }: LiveRequest,
): ReservedQuestion | null {
  const question = {
    lengthTokens: prefillTokens,
    stepTokens: stepTokensOf(scheduler, prefillTokens),
    reservePages: reservedPages(scheduler),
  };
  const { totalPages } = pagesForLength(scheduler.ranks.measured, question);
  return isWithinAvailability(scheduler, { admitted, pages: totalPages }) ? question : null;
}

/** Most tokens that one step writes for a request of this length. */
function stepTokensOf({ settings }: Scheduler, lengthTokens: number): number {
  return Math.min(lengthTokens, settings.maxBatchedTokens);
}

/** Pages a head that admission leaves free: what running prefills still lack, and the reserve. */
function reservedPages(scheduler: Scheduler): number {
  const { measured } = scheduler.ranks;
  const { layout, pageSizeTokens, recycle, heads } = measured.options;
  const { reserve } = scheduler.settings;
  const rows = heads.groups.length * heads.kvHeads;
  // Decoding window heads free a page for each one that they take, so one pool need not keep any
  // for them; a pool for each head is as short as that of its full heads.
  const growing = recycle && layout === "pooled" ? 1 - countWindowHeads(heads) / rows : 1;
  let pages = 0;
  for (const request of scheduler.running) {
    if (!request.decoding) {
      const slot = requireSlot(request);
      const lengthTokens = request.prefillTokens;
      const demand = pagesForLength(measured, {
        lengthTokens,
        stepTokens: stepTokensOf(scheduler, lengthTokens),
      });
      const lacking = layout === "pooled"
        ? (demand.totalPages - heldPages(measured, slot)) / rows
        : demand.fullHeadPages - allocatedColumns(measured, slot);
      pages += Math.max(0, lacking);
    }
    if (reserve.kind === "ratio") {
      const left = request.outputTokens - request.generated;
      const expected = Math.min(left, reserve.capTokens) * scheduler.reserve;
      pages += Math.ceil(expected / pageSizeTokens) * growing;
    }
  }
  return pages;
}
