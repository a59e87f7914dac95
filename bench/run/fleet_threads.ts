/**
 * Replicas on several cores: each is replayed by a thread, and their replays come back in the order of
 * the replicas, so that a result has the same bytes however many threads there are.
 */

import { BenchError } from "../result/mod.ts";
import type { FleetOrder } from "./fleet_words.ts";
import type { ReplayProgress } from "../replay/mod.ts";
import type { ShareReplay } from "./share_replay.ts";
import { createThreads } from "./threads.ts";

/** Threads that replay. */
export interface FleetThreads {
  /**
   * Replays every order; may be called again before it has ended, and then follows.
   *
   * @param onProgress Told what all of them together have done.
   * @throws {Error} What the first order in their order ran into that ran into anything; name and
   *   code are those that it would have on one core.
   */
  readonly replay: (
    orders: readonly FleetOrder[],
    onProgress: (progress: ReplayProgress) => void,
  ) => Promise<ShareReplay[]>;
  /** Ends every thread. */
  readonly close: () => void;
}

/**
 * Creates threads.
 *
 * @param o Most threads at once, and what stops them.
 */
export function createFleetThreads(
  o: { readonly workers: number; readonly signal?: AbortSignal | undefined },
): FleetThreads {
  const threads = createThreads(o.workers);
  let isClosed = false;
  const stopped = Promise.withResolvers<never>();
  // Between replays no one waits for it.
  stopped.promise.catch(() => {});
  const close = (): void => {
    isClosed = true;
    threads.close();
    o.signal?.removeEventListener("abort", stop);
  };
  const stop = (): void => {
    close();
    stopped.reject(new BenchError("bench/aborted", "Cannot finish the replay: it was stopped"));
  };
  o.signal?.addEventListener("abort", stop);
  if (o.signal?.aborted) stop();
  return {
    async replay(orders, onProgress): Promise<ShareReplay[]> {
      if (isClosed) return await stopped.promise;
      const progress = orders.map(() => ({ requestsDone: 0, steps: 0 }));
      let isFailed = false;
      const replays = orders.map((order, index) => {
        const replayed = threads.ask(order, {
          isWanted: () => !isFailed,
          onProgress: (done) => {
            progress[index] = done;
            onProgress(sumOf(progress));
          },
        });
        replayed.catch(() => isFailed = true);
        return replayed;
      });
      const ended = await Promise.race([Promise.allSettled(replays), stopped.promise]);
      // Orders before the first failure were given out before it: they have ended.
      return ended.map((each) => {
        if (each.status === "rejected") throw each.reason;
        return each.value!;
      });
    },
    close,
  };
}

function sumOf(progress: readonly ReplayProgress[]): ReplayProgress {
  return progress.reduce((total, { requestsDone, steps }) => ({
    requestsDone: total.requestsDone + requestsDone,
    steps: total.steps + steps,
  }));
}
