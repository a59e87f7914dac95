/**
 * Threads that judge sampled rows of a clock's adapter while its batches run: the oracle takes tens of
 * milliseconds per row, in which no answer would be read and no batch sent.
 */

import type { RowJudge } from "../clock/mod.ts";
import { createThreads } from "./threads.ts";

/** Threads that judge rows. */
export interface JudgeThreads {
  /** Judges a row. */
  readonly judge: RowJudge;
  /** Ends the threads. */
  readonly close: () => void;
}

/** Four rows come at once where a step is checked, of two batches at a time: more threads would idle. */
const MOST_THREADS = 8;

/**
 * Creates threads.
 *
 * @param o Most threads, by default what the machine's cores leave beside the replay and the adapter.
 */
export function createJudgeThreads(o: { readonly threads?: number } = {}): JudgeThreads {
  const cores = Math.max(1, navigator.hardwareConcurrency - 2);
  const { ask, close } = createThreads(o.threads ?? Math.min(MOST_THREADS, cores));
  return {
    judge: async (row, output, context) =>
      (await ask({ kind: "judge", row, output, context } as const))!,
    close,
  };
}
