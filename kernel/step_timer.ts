/**
 * What a program that times attention on somebody else's behalf is asked, and what it answers: a clock
 * of a replay in which any kernel may stand. Everything is plain data, so that the program may run in
 * another process and another language; docs/clock.md is its manual.
 */

import type { Arithmetic } from "./arithmetic.ts";
import type { AttentionShape } from "./problem.ts";

/** Kernels that steps may be timed with; docs/clock.md tells them apart. */
export type TimedForm = "two-pass" | "row" | "headwise-row" | "clipped" | "headwise";

/** Everything that holds for all steps of one side of a replay. */
export interface TimedCache {
  /** Sizes of one layer's attention. */
  readonly shape: AttentionShape;
  /** Kernel wanted. */
  readonly form: TimedForm;
  /** Lg, layer groups of the table. */
  readonly layerGroups: number;
  /** [Lg, H] W of each KV head; 0 is full context. */
  readonly headWindows: Int32Array;
  /** S. */
  readonly sinkTokens: number;
  /** Factor of the scores; null is 1/√D. */
  readonly scoreScale: number | null;
  /** Whether each query head has a learned sink logit. */
  readonly learnedSinks: boolean;
  /** Layers whose caches alternate: step n reads that of layer n mod layers. */
  readonly layers: number;
  /** Most tokens of a step. */
  readonly maxBatchTokens: number;
  /** Seed of the contents; formula_contents.ts. */
  readonly seed: number;
}

/** What the program says of a cache that it opened. */
export interface OpenedCache {
  /** Number that steps name it by. */
  readonly cache: number;
  /** Kernel that will run, in the words of its makers. */
  readonly kernel: string;
  /** Card that it will run on. */
  readonly card: string;
  /** Driver of the card; null where there is none. */
  readonly driver: string | null;
  /** Versions of what matters, by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** Whether the card is this machine's processor: its times give no verdict. */
  readonly isSoftware: boolean;
  /** Whether steps are recorded once and replayed. */
  readonly isCaptured: boolean;
  /** How the kernel computes; what is left out is float32. */
  readonly arithmetic: Partial<Arithmetic>;
  /** Bytes a second read from memory, measured by the program on its card; null if it did not. */
  readonly memoryBytesPerSecond: number | null;
  /** Operations per second of the storage type's matrix products, likewise. */
  readonly flopsPerSecond: number | null;
}

/** Steps to time one after the other. */
export interface TimedSteps {
  /** Cache that they read. */
  readonly cache: number;
  /** Number of the first step, counted over all steps of this cache: contents depend on it. */
  readonly firstStep: number;
  /** [S, B] new tokens of each slot; 0 is idle. */
  readonly queryLengths: Int32Array;
  /** [S, B] tokens of each slot before the step. */
  readonly cachedLengths: Int32Array;
  /** [S] layer group whose rows are used. */
  readonly groups: Int32Array;
  /** The whole table, [Lg·B·H, M] or [Lg·B, M], before the first step; null where only changes are sent. */
  readonly table: Int32Array | null;
  /** [n, 2] changed entries: index into the whole table and id, in the order of steps. */
  readonly changes: Int32Array;
  /** [S + 1] first change of each step, and their number. */
  readonly changeStarts: Int32Array;
  /**
   * [k, 3] outputs of earlier steps to give back: number of the step, token of that step, KV head. They are
   * of steps whose digests have been answered, in one of the last two batches that had any.
   */
  readonly samples: Int32Array;
}

/** Times of steps. */
export interface TimedAnswer {
  /** [S] milliseconds of one layer's attention, by the device's own timers. */
  readonly milliseconds: Float64Array;
  /** [Σ T, H, 2] digest of every output row of these steps, [G, D] each; row_digest.ts. */
  readonly digests: Uint32Array;
  /** [k, G, D] bits of the outputs that were asked for. */
  readonly outputs: Uint16Array;
  /**
   * Milliseconds that the program spent on the steps, its own planning included, since it took them up or
   * answered what came before them.
   */
  readonly busyMs: number;
}

/** A question that was not carried out. */
export interface TimerRefusal {
  /** Tells the cases apart. */
  readonly kind: "refused";
  /** Short machine-readable reason. */
  readonly code: string;
  /** What was wrong, by name. */
  readonly message: string;
}

/** Times attention steps of caches that it opened. */
export interface StepTimer {
  /** Makes caches of formula contents, and gets ready. */
  readonly open: (
    cache: TimedCache,
  ) => Promise<{ readonly kind: "ok"; readonly value: OpenedCache } | TimerRefusal>;
  /** Runs and times steps; another batch may be sent before this one is answered. */
  readonly steps: (
    steps: TimedSteps,
  ) => Promise<{ readonly kind: "ok"; readonly value: TimedAnswer } | TimerRefusal>;
  /** Gives back a cache. */
  readonly close: (cache: number) => Promise<void>;
}
