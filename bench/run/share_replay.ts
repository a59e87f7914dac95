/** The replay of one replica, from plain data to plain data: any thread can do it. */

import type { TraceRequest, Workload } from "../../fixtures/mod.ts";
import type { StepClock } from "../clock/mod.ts";
import {
  type LoggedCheck,
  type MeasuredPart,
  measurePart,
  PAGE_SAMPLES,
  recordSteps,
  replay,
  type ReplayOptions,
  type ReplayProgress,
} from "../replay/mod.ts";
import type { FailedRequest, Side, StepTimeline } from "../result/mod.ts";
import { createSideRanks, type SideRanksOptions } from "../scheduler/mod.ts";

/** One replica's replay, as it is ordered. */
export interface ShareOrder
  extends
    Required<SideRanksOptions>,
    Required<Pick<ReplayOptions, "concurrency" | "seed" | "availability" | "maxChecks">> {
  /** Model, cache and scheduler. */
  readonly workload: Workload;
  /** Layout and walk. */
  readonly side: Side;
  /** The replica's requests, in arrival order. */
  readonly requests: readonly TraceRequest[];
  /** Most entries of the timeline of its steps; 0 records neither these nor the longest request's pages. */
  readonly timelineEntries: number;
  /** Steps after which it stops, whatever is left; null for all. */
  readonly maxSteps: number | null;
}

/** One replica's replay, as it ended: what it came to, and nothing as long as its steps. */
export interface ShareReplay {
  /** Its figures. */
  readonly measured: MeasuredPart;
  /** Requests that were not served. */
  readonly failed: readonly FailedRequest[];
  /** Checks made. */
  readonly checks: readonly LoggedCheck[];
  /** Its steps, null where they were not asked for. */
  readonly timeline: StepTimeline | null;
}

/**
 * Replays a replica's requests.
 *
 * @param o The clock, who is told of the progress, and what stops it.
 * @throws {BenchError} When it is stopped, or the ranks disagree.
 */
export async function replayShare(
  order: ShareOrder,
  o: {
    readonly clock: StepClock;
    readonly onProgress: (progress: ReplayProgress) => void;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<ShareReplay> {
  const { workload, maxSteps, timelineEntries } = order;
  const { scheduler, speculative } = workload;
  const ranks = createSideRanks(workload, order.side, order);
  const log = await replay({
    ...order,
    scheduler,
    speculative,
    ranks,
    clock: o.clock,
    keptRequests: Infinity,
    pageSamples: timelineEntries === 0 ? 0 : PAGE_SAMPLES,
    maxSteps: maxSteps ?? Infinity,
    onProgress: o.onProgress,
    ...(o.signal === undefined ? {} : { signal: o.signal }),
  });
  await o.clock.finish?.();
  return {
    measured: measurePart(log, ranks),
    failed: log.failed,
    checks: log.checks,
    timeline: timelineEntries === 0 ? null : recordSteps(log, ranks, timelineEntries),
  };
}
