/** What a replay is made from, and what it leaves behind. */

import type { SchedulerSettings, SpeculativeSettings } from "../../fixtures/mod.ts";
import type { AvailabilityReading, FailedRequest, PageHistory } from "../result/mod.ts";
import type { StepCheck, StepClock } from "../clock/mod.ts";
import type { Ranks } from "../scheduler/mod.ts";
import type { Folded } from "./fold.ts";
import type { FoldedRequests } from "./request_figures.ts";
import type { KeptSteps, RequestTimes } from "./request_times.ts";
import type { RequestSequence } from "./arrivals.ts";

/** What a replay is made from. */
export interface ReplayOptions {
  /** Requests in arrival order. */
  readonly requests: RequestSequence;
  /** Requests under way at once, each that ends bringing the next; null for their own arrivals. */
  readonly concurrency?: number | null;
  /** Continuous-batching settings. */
  readonly scheduler: SchedulerSettings;
  /** Speculative decoding, or null. */
  readonly speculative: SpeculativeSettings | null;
  /** Fresh pools of every rank; the replay gives all pages back. */
  readonly ranks: Ranks;
  /** Clock that pays for the steps. */
  readonly clock: StepClock;
  /** Seed of speculative acceptance and of the choice of checked steps. */
  readonly seed: number;
  /** How admission reads the share of free pages. @default {"pools"} */
  readonly availability?: AvailabilityReading;
  /** Most sampled checks. @default {0} */
  readonly maxChecks?: number;
  /** Most samples of one request's pages. @default {0} */
  readonly pageSamples?: number;
  /** Steps that are kept at once; a replay of no more is exact. @default {2 ** 19} */
  readonly keptSteps?: number;
  /** Most requests that keep a value each; of more, figures are in buckets. @default {2 ** 17} */
  readonly keptRequests?: number;
  /** Stops after this many steps, whatever is left; for warm-up. */
  readonly maxSteps?: number;
  /** Called now and then. */
  readonly onProgress?: (progress: ReplayProgress) => void;
  /** Stops the replay between two steps. */
  readonly signal?: AbortSignal;
}

/** How far a replay has come. */
export interface ReplayProgress {
  /** Requests that finished or failed. */
  readonly requestsDone: number;
  /** Steps planned. */
  readonly steps: number;
}

/** A check that was made during a replay. */
export interface LoggedCheck extends StepCheck {
  readonly step: number;
}

/** What a replay leaves behind. */
export interface ReplayLog extends KeptSteps {
  /** What is known of each kept request in milliseconds. */
  readonly times: RequestTimes;
  /** Figures of the requests where they were too many to keep, null where all are kept. */
  readonly foldedRequests: FoldedRequests | null;
  /** Sums of the steps where they were too many to keep, null where all are kept. */
  readonly folded: Folded | null;
  /** Requests that were not served. */
  readonly failed: readonly FailedRequest[];
  /** Checks made. */
  readonly checks: readonly LoggedCheck[];
  /** Pages of one request over time; null where they were not recorded. */
  readonly pageHistory: PageHistory | null;
}
