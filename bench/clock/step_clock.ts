/** What a step of the replay costs, behind one interface for modelled and measured time. */

import type { StepRows } from "../../kernel/mod.ts";
import type { ResultCeilings } from "../result/mod.ts";

/**
 * The rows of one step. The arrays belong to the replay and are overwritten by the next step, so a
 * clock that defers its work copies what it needs.
 */
export interface StepBatch extends StepRows {
  /** Index of the step, from 0. */
  readonly step: number;
  /** Σ of `queryLengths`. */
  readonly tokens: number;
  /** Rows whose next token is sampled after the step. */
  readonly sampledRows: number;
}

/** Times of finished steps, in milliseconds, oldest first. */
export interface StepTimes {
  /** Attention over all layers. */
  readonly attentionMs: ArrayLike<number> & Iterable<number>;
  /** Everything else over all layers, and the output projection. */
  readonly restMs: ArrayLike<number> & Iterable<number>;
}

/** Outcome of one check of a step's attention. */
export interface StepCheck {
  /** Whether the outputs stay inside the error bound. */
  readonly ok: boolean;
  /** Largest share of the error budget used; 1 is the bound. */
  readonly worstBudgetUsed: number;
  /** What is wrong, empty when `ok`. */
  readonly message: string;
}

/** A source of step times. Steps are enqueued in order and paid for at the next flush. */
export interface StepClock {
  /** Where the times come from. */
  readonly kind: "model" | "gpu" | "adapter" | "table";
  /** Whether the same batch always costs the same. */
  readonly deterministic: boolean;
  /** Layers whose caches are really there, or null where nothing is measured. */
  readonly layersMeasured: number | null;
  /** Steps that may be without a time before a flush is due. */
  readonly maxPendingSteps: number;
  /** Adds a step. */
  enqueue(batch: StepBatch): void;
  /** Times of all steps that have none yet; synchronous where nothing is awaited. */
  flush(): StepTimes | Promise<StepTimes>;
  /**
   * Sends steps on their way where enough are enqueued, and gives the times of earlier ones, so that the
   * next can be planned while those run; null where nothing is due.
   */
  advance?(): Promise<StepTimes> | null;
  /** Checks the attention of a step that was just enqueued. */
  check(batch: StepBatch, o: { seed: number }): StepCheck | Promise<StepCheck>;
  /**
   * More than the steps without a time yet will take, in milliseconds, as far as can be told
   * from those before: while no request can arrive before that, no one needs their times.
   */
  mostPendingMs?(): number;
  /** Ends a replay: whatever of it is still to be checked is checked now. */
  finish?(): void | Promise<void>;
  /** Gives back what the clock holds. */
  close(): void;
}

/** Machine ceilings, measured by `headwise doctor` or stated by a fixture. */
export type MeasuredCeilings = Omit<ResultCeilings, "source">;
