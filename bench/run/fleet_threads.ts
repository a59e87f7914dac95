/**
 * Replicas on several cores: each is replayed by a thread, and their replays come back in the order of
 * the replicas, so that a result has the same bytes however many threads there are.
 */

import { BenchError } from "../result/mod.ts";
import { type FleetOrder, type FleetWord, unpackError } from "./fleet_words.ts";
import type { ShareProgress, ShareReplay } from "./share_replay.ts";

/** Gzip and base64 of the thread's program; the bundler defines it, and a checkout has none. */
declare const HEADWISE_FLEET_WORKER: string | undefined;

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
    onProgress: (progress: ShareProgress) => void,
  ) => Promise<ShareReplay[]>;
  /** Ends every thread. */
  readonly close: () => void;
}

/**
 * Creates threads; each is started when it is needed, and kept for the next replays.
 *
 * @param o Most threads at once, and what stops them.
 */
export function createFleetThreads(
  o: { readonly workers: number; readonly signal?: AbortSignal | undefined },
): FleetThreads {
  const threads: Worker[] = [];
  let isClosed = false;
  const stopped = Promise.withResolvers<never>();
  // Between replays no one waits for it.
  stopped.promise.catch(() => {});
  const close = (): void => {
    isClosed = true;
    for (const thread of threads.splice(0)) thread.terminate();
    o.signal?.removeEventListener("abort", stop);
  };
  const stop = (): void => {
    close();
    stopped.reject(new BenchError("bench/aborted", "Cannot finish the replay: it was stopped"));
  };
  o.signal?.addEventListener("abort", stop);
  if (o.signal?.aborted) stop();
  const threadOf = async (lane: number): Promise<Worker> => {
    if (threads[lane] !== undefined) return threads[lane];
    const thread = await startThread();
    if (isClosed) thread.terminate();
    else threads[lane] = thread;
    return thread;
  };
  const jobs: ((lane: number) => Promise<void>)[] = [];
  const idle = Array.from({ length: o.workers }, (_, lane) => o.workers - 1 - lane);
  /** Gives jobs out; the lane that was free last, whose thread is warm, is the first to get one. */
  const giveOut = (): void => {
    while (jobs.length > 0 && idle.length > 0) {
      const lane = idle.pop()!;
      jobs.shift()!(lane).then(() => {
        idle.push(lane);
        giveOut();
      });
    }
  };
  return {
    async replay(orders, onProgress): Promise<ShareReplay[]> {
      if (isClosed) return await stopped.promise;
      const replays: ShareReplay[] = new Array(orders.length);
      const progress = orders.map(() => ({ requestsDone: 0, steps: 0 }));
      const failures: { readonly index: number; readonly error: unknown }[] = [];
      const replayOne = async (index: number, lane: number): Promise<void> => {
        if (failures.length > 0) return;
        try {
          replays[index] = await askThread(await threadOf(lane), orders[index], (done) => {
            progress[index] = done;
            onProgress(sumOf(progress));
          });
        } catch (error) {
          failures.push({ index, error });
        }
      };
      const all = orders.map((_, index) =>
        new Promise<void>((resolve) => jobs.push((lane) => replayOne(index, lane).finally(resolve)))
      );
      giveOut();
      await Promise.race([Promise.all(all), stopped.promise]);
      // Orders before the first failure were given out before it: they have ended.
      const [first] = failures.sort((left, right) => left.index - right.index);
      if (first !== undefined) throw first.error;
      return replays;
    },
    close,
  };
}

function sumOf(progress: readonly ShareProgress[]): ShareProgress {
  return progress.reduce((total, { requestsDone, steps }) => ({
    requestsDone: total.requestsDone + requestsDone,
    steps: total.steps + steps,
  }));
}

/** Starts a thread: from the checkout, or from what the bundle has of it, which needs no permission. */
export async function startThread(): Promise<Worker> {
  if (typeof HEADWISE_FLEET_WORKER !== "string") {
    return new Worker(new URL("./fleet_worker.ts", import.meta.url), { type: "module" });
  }
  const bytes = Uint8Array.fromBase64(HEADWISE_FLEET_WORKER);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const code = await new Response(stream).blob();
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  return new Worker(url, { type: "module" });
}

/** Gives a thread an order and waits for its last word. */
function askThread(
  thread: Worker,
  order: FleetOrder,
  onProgress: (progress: ShareProgress) => void,
): Promise<ShareReplay> {
  const { promise, resolve, reject } = Promise.withResolvers<ShareReplay>();
  thread.onmessage = ({ data }: MessageEvent<FleetWord>): void => {
    if (data.kind === "progress") onProgress(data.progress);
    else if (data.kind === "done") resolve(data.replay);
    else if (data.kind === "failed") reject(unpackError(data.error));
  };
  thread.onerror = (event): void => {
    event.preventDefault();
    reject(
      new BenchError(
        "bench/thread",
        `Cannot replay a replica in a thread of its own: ${event.message}; give 1 worker`,
      ),
    );
  };
  thread.postMessage(order);
  return promise;
}
