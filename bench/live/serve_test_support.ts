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
