/** What is stored of a replay beside its figures. */

import { stepColumns } from "./fold.ts";
import { type ReplayPart, wholeGaps } from "./metrics.ts";
import type { StepTimeline, TokenGaps } from "../result/mod.ts";
import { joinSteps } from "./step_entries.ts";
import { groupGaps } from "./token_gaps.ts";

/** Most samples of a page history. */
export const PAGE_SAMPLES = 256;

/** What was recorded of one replay; null where it was not asked for. */
export interface Recorded {
  readonly tokenGaps: TokenGaps | null;
  readonly timeline: StepTimeline | null;
}

/**
 * Collects what was recorded.
 *
 * @param parts A finished replay, or those of all replicas; steps are told of one alone.
 * @param o Most entries of a timeline, 0 to record nothing; and whether the steps are wanted.
 */
export function recordRun(
  parts: readonly ReplayPart[],
  o: { readonly timelineEntries: number; readonly withSteps: boolean },
): Recorded {
  if (o.timelineEntries === 0) return { tokenGaps: null, timeline: null };
  const [{ log, pools }] = parts;
  return {
    tokenGaps: groupGaps(wholeGaps(parts)),
    timeline: o.withSteps && parts.length === 1
      ? joinSteps(stepColumns(log), {
        steps: log.timeline.timed,
        maxEntries: o.timelineEntries,
        headPages: pools.headPages,
        pageHistory: log.pageHistory,
      })
      : null,
  };
}
