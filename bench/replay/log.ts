/** What a replay is made from, and what it leaves behind. */

import type { SchedulerSettings, SpeculativeSettings, TraceRequest } from "../../fixtures/mod.ts";
import type { AvailabilityReading, FailedRequest, PageHistory } from "../result/mod.ts";
import type { StepCheck, StepClock } from "../clock/mod.ts";
import type { Ranks } from "../scheduler/mod.ts";
import type { Timeline } from "./timeline.ts";
import type { TokenLog } from "./token_log.ts";

/** What a replay is made from. */
export interface ReplayOptions {
  /** Requests in arrival order. */
  readonly requests: readonly TraceRequest[];
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
  /** Stops after this many steps, whatever is left; for warm-up. */
  readonly maxSteps?: number;
  /** Called now and then. */
  readonly onProgress?: (progress: { requestsDone: number; steps: number }) => void;
  /** Stops the replay between two steps. */
  readonly signal?: AbortSignal;
}

/** A check that was made during a replay. */
export interface LoggedCheck extends StepCheck {
  /** Step that was checked. */
  readonly step: number;
}

/** What a replay leaves behind. */
export interface ReplayLog {
  /** Requests in arrival order. */
  readonly requests: readonly TraceRequest[];
  /** Which step gave which request how many tokens. */
  readonly tokens: TokenLog;
  /** When the steps began and ended. */
  readonly timeline: Timeline;
  /** [requests] steps before each arrival, in a closed loop; null where requests have their own. */
  readonly arrivalSteps: Int32Array | null;
  /** [requests] first step with the request in it, −1 when it never ran. */
  readonly firstSteps: Int32Array;
  /** [requests] times that the request lost its pages. */
  readonly preemptions: Int32Array;
  /** Requests that were not served. */
  readonly failed: readonly FailedRequest[];
  /** Checks made. */
  readonly checks: readonly LoggedCheck[];
  /** Pages of one request over time; null where they were not recorded. */
  readonly pageHistory: PageHistory | null;
}
