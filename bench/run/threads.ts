/** Threads that carry out orders of a run; each is started when there is an order for it, and kept. */

import { BenchError } from "../result/mod.ts";
import { type Answer, type FleetWord, type Order, unpackError } from "./fleet_words.ts";
import type { ReplayProgress } from "../replay/mod.ts";

/** Gzip and base64 of the thread's program; the bundler defines it, and a checkout has none. */
declare const HEADWISE_FLEET_WORKER: string | undefined;

/** Threads that carry out orders. */
export interface Threads {
  /**
   * Has an order carried out by the thread that was free last, or by the next one that will be.
   *
   * @param isWanted Asked when a thread is there; null comes back where it is not any more.
   * @throws {Error} What the thread ran into, with its name and code.
   */
  readonly ask: <O extends Order>(
    order: O,
    o?: {
      readonly isWanted?: () => boolean;
      readonly onProgress?: (progress: ReplayProgress) => void;
    },
  ) => Promise<Answer<O> | null>;
  /** Ends every thread. */
  readonly close: () => void;
}

/** Creates so many threads at the most. */
export function createThreads(most: number): Threads {
  const all: Worker[] = [];
  const idle: Worker[] = [];
  const waiting: ((thread: Worker) => void)[] = [];
  let started = 0;
  let isClosed = false;
  const take = async (): Promise<Worker> => {
    const thread = idle.pop();
    if (thread !== undefined) return thread;
    if (started === most) return await new Promise((resolve) => waiting.push(resolve));
    started++;
    const made = await startThread();
    all.push(made);
    if (isClosed) made.terminate();
    return made;
  };
  const giveBack = (thread: Worker): void => {
    const next = waiting.shift();
    if (next === undefined) idle.push(thread);
    else next(thread);
  };
  return {
    async ask(order, { isWanted = () => true, onProgress = () => {} } = {}) {
      const thread = await take();
      try {
        return isWanted() ? await askThread(thread, order, onProgress) : null;
      } finally {
        giveBack(thread);
      }
    },
    close(): void {
      isClosed = true;
      for (const thread of all) thread.terminate();
    },
  };
}

/** Starts a thread: from the checkout, or from what the bundle has of it, which needs no permission. */
async function startThread(): Promise<Worker> {
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
function askThread<O extends Order>(
  thread: Worker,
  order: O,
  onProgress: (progress: ReplayProgress) => void,
): Promise<Answer<O>> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer<O>>();
  thread.onmessage = ({ data }: MessageEvent<FleetWord>): void => {
    if (data.kind === "progress") onProgress(data.progress);
    else if (data.kind === "done") resolve(data.answer as Answer<O>);
    else reject(unpackError(data.error));
  };
  thread.onerror = (event): void => {
    event.preventDefault();
    const message = "kind" in order
      ? `Cannot judge a row in a thread: ${event.message}`
      : `Cannot replay a replica in a thread of its own: ${event.message}; give 1 worker`;
    reject(new BenchError("bench/thread", message));
  };
  thread.postMessage(order);
  return promise;
}
