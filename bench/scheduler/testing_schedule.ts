/** Hand-worked schedules: a scheduler is driven by itself, and its rows are read step by step. */

import {
  SCHEDULER_PROFILES,
  type SchedulerProfile,
  type SchedulerSettings,
} from "../../fixtures/mod.ts";
import { requestsOf, tinyHeads, tinyRanks, tinyScheduler } from "../run/test_support.ts";
import { finishStep } from "./finish_step.ts";
import { createLiveRequest, type LiveRequest } from "./live_request.ts";
import { POLICIES } from "./policies.ts";
import {
  admitWaiting,
  createScheduler,
  finishPlan,
  planStep,
  resolveEmptyStep,
  type Scheduler,
} from "./scheduler.ts";

/** What a schedule is made of. */
export interface ScheduleOptions {
  readonly profile: SchedulerProfile;
  /** [prompt, output] tokens of each request; all of them wait at first. */
  readonly rows: readonly (readonly [number, number])[];
  readonly settings?: Partial<SchedulerSettings>;
  readonly pagesPerHead?: number;
  /** Share of window heads; without any, chunks end anywhere. */
  readonly windowRatio?: number;
}

/** A schedule that is driven step by step. */
export interface Schedule {
  readonly scheduler: Scheduler;
  readonly requests: readonly LiveRequest[];
  /** Runs a step and gives the tokens of each slot. */
  readonly step: () => number[];
  /** Runs steps until no one is left. */
  readonly steps: () => number[][];
  /** Indices of waiting requests, front first. */
  readonly waiting: () => number[];
}

/** Sets a schedule up. */
export function scheduleOf(o: ScheduleOptions): Schedule {
  const { admission } = SCHEDULER_PROFILES[o.profile].defaults;
  const settings = tinyScheduler({ profile: o.profile, admission, ...o.settings });
  const heads = tinyHeads({ ratio: o.windowRatio ?? 0 });
  const scheduler = createScheduler({
    settings,
    speculative: null,
    ranks: tinyRanks({ scheduler: settings, pagesPerHead: o.pagesPerHead ?? 16, heads }),
    seed: 1,
    availability: "pools",
    policy: POLICIES[o.profile],
  });
  const requests = requestsOf(o.rows.map(([input, output]) => [0, input, output]))
    .map((source, index) => createLiveRequest(index, source));
  requests.forEach((request) => scheduler.waiting.pushBack(request));
  let next = 0;
  const step = (): number[] => {
    const plan = planStep(scheduler, next++);
    admitWaiting(scheduler, plan);
    finishPlan(scheduler, plan);
    const rows = [...scheduler.rows.queryLengths];
    if (plan.tokens === 0) resolveEmptyStep(scheduler);
    else finishStep(scheduler, () => {});
    return rows;
  };
  return {
    scheduler,
    requests,
    step,
    steps(): number[][] {
      const table: number[][] = [];
      while (scheduler.running.length + scheduler.waiting.length() > 0) table.push(step());
      return table;
    },
    waiting: () => scheduler.waiting.list().map(({ index }) => index),
  };
}
