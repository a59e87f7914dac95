/**
 * Threads that judge sampled rows of a clock's adapter while its batches run: the oracle takes tens of
 * milliseconds per row, in which no answer would be read and no batch sent.
 */

import type { RowJudge } from "../clock/mod.ts";
import { BenchError } from "../result/mod.ts";
import { type FleetWord, type JudgeOrder, unpackError } from "./fleet_words.ts";
import { startThread } from "./fleet_threads.ts";

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
 * Creates threads; each is started when there is a row for it.
 *
 * @param o Most threads, by default what the machine's cores leave beside the replay and the adapter.
 */
export function createJudgeThreads(o: { readonly threads?: number } = {}): JudgeThreads {
  const cores = Math.max(1, navigator.hardwareConcurrency - 2);
  const most = o.threads ?? Math.min(MOST_THREADS, cores);
  const idle: Worker[] = [];
  const all: Worker[] = [];
  const waiting: ((thread: Worker) => void)[] = [];
  let started = 0;
  const take = (): Promise<Worker> => {
    const thread = idle.pop();
    if (thread !== undefined) return Promise.resolve(thread);
    if (started === most) return new Promise((resolve) => waiting.push(resolve));
    started++;
    return startThread().then((made) => {
      all.push(made);
      return made;
    });
  };
  const giveBack = (thread: Worker): void => {
    const next = waiting.shift();
    if (next === undefined) idle.push(thread);
    else next(thread);
  };
  return {
    judge: async (row, output, context) => {
      const thread = await take();
      try {
        return await ask(thread, { kind: "judge", row, output, context });
      } finally {
        giveBack(thread);
      }
    },
    close: () => {
      for (const thread of all) thread.terminate();
    },
  };
}

function ask(thread: Worker, order: JudgeOrder): ReturnType<RowJudge> {
  const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<RowJudge>>>();
  thread.onmessage = ({ data }: MessageEvent<FleetWord>): void => {
    if (data.kind === "judged") resolve(data.verdict);
    else if (data.kind === "failed") reject(unpackError(data.error));
  };
  thread.onerror = (event): void => {
    event.preventDefault();
    reject(new BenchError("bench/thread", `Cannot judge a row in a thread: ${event.message}`));
  };
  thread.postMessage(order);
  return promise;
}
