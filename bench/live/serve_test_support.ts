/** A server on loopback with a tiny model, for tests. */

import { tinyWorkload } from "../run/test_support.ts";
import { SIDES } from "../result/sides.ts";
import { type RunningServer, type ServeOptions, startServer } from "./serve.ts";

/** Runs a test against a server that is closed afterwards, whatever happens. */
export async function withServer<T>(
  o: Partial<ServeOptions>,
  test: (server: RunningServer) => Promise<T>,
): Promise<T> {
  const workload = tinyWorkload();
  const server = await startServer({
    workload: {
      ...workload,
      cache: { ...workload.cache, pagesPerHead: 512 },
      scheduler: {
        ...workload.scheduler,
        maxSequences: 16,
        maxBatchedTokens: 512,
        modelLengthTokens: 2048,
      },
    },
    side: SIDES["pooled-recycle"],
    timeScale: 0,
    ...o,
  });
  try {
    return await test(server);
  } finally {
    await server.close();
  }
}

/** Posts a JSON body. */
export function post(url: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
}

/**
 * Posts a body to a server whose bounds on time are short, again where it was sent too late: on a busy
 * machine any request can be, and a server that always refuses is found all the same.
 */
export async function postInTime(url: string, body: unknown): Promise<Response> {
  for (let attempt = 1;; attempt++) {
    const answer = await post(url, body);
    if (answer.status !== 408 || attempt === 50) return answer;
    await answer.body?.cancel();
  }
}

/**
 * Waits until something holds that a server must come to notice. What it waits for is the server's
 * work and not the clock: each look is behind a whole request to it.
 *
 * @throws {Error} When a thousand requests were answered first.
 */
export async function untilNoticed(server: RunningServer, holds: () => boolean): Promise<void> {
  for (let request = 0; request < 1000; request++) {
    if (holds()) return;
    await (await fetch(server.url.replace("/v1", "/health"))).body?.cancel();
  }
  throw new Error("Cannot wait any longer: a thousand requests were answered meanwhile");
}
