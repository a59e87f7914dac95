import assert from "node:assert/strict";
import { requestsOf } from "../run/test_support.ts";
import { runOpenLoop } from "./open_loop.ts";
import { DEFAULT_LIVE_SETTINGS } from "./run_live.ts";
import { withServer } from "./serve_test_support.ts";

Deno.test("runOpenLoop() sends each request when it is due, times the factor", async () => {
  await withServer({}, async ({ url }) => {
    const client = Deno.createHttpClient({});
    const { records } = await runOpenLoop({
      requests: requestsOf([[0, 5, 2], [20, 5, 2], [50, 5, 2]]),
      endpoint: { url, model: "tiny", token: null },
      settings: { ...DEFAULT_LIVE_SETTINGS, timeScale: 2 },
      client,
      promptSeed: 1,
      prefixBlockTokens: 512,
      signal: new AbortController().signal,
    });
    client.close();
    assert.deepEqual(records.map(({ scheduledMs }) => scheduledMs), [0, 40, 100]);
    for (const { scheduledMs, sentMs, firstMs, lastMs, endMs, error } of records) {
      assert.equal(error, null);
      // Timers may fire late and never early, but for the rounding of their clock.
      assert.ok(sentMs > scheduledMs - 1.5 && firstMs! > sentMs && lastMs! >= firstMs!);
      assert.ok(endMs >= lastMs!);
    }
  });
});

Deno.test("runOpenLoop() sends a turn after the answer that it follows, and others meanwhile", async () => {
  await withServer({}, async ({ url }) => {
    const client = Deno.createHttpClient({});
    const [first, own] = requestsOf([[0, 5, 2], [10, 5, 2]]);
    const turn = (request: number, id: number) => ({
      ...first,
      id,
      after: { request, delayMs: 30 },
    });
    const { records } = await runOpenLoop({
      requests: [first, turn(0, 1), turn(1, 2), { ...own, id: 3 }],
      endpoint: { url, model: "tiny", token: null },
      settings: { ...DEFAULT_LIVE_SETTINGS, timeScale: 2 },
      client,
      promptSeed: 1,
      prefixBlockTokens: 512,
      signal: new AbortController().signal,
    });
    client.close();
    assert.deepEqual(records.map(({ error }) => error), [null, null, null, null]);
    for (const turn of [1, 2]) {
      assert.ok(records[turn].sentMs >= records[turn - 1].endMs + 60 - 1.5);
    }
    assert.equal(records[3].scheduledMs, 20);
  });
});

Deno.test("runOpenLoop() counts tokens chunk by chunk when every event tells them", async () => {
  const events = [["a b", 2], ["c", 3], ["d e f", 6]] as const;
  const body =
    events.map(([text, tokens]) =>
      `data: ${JSON.stringify({ choices: [{ text }], usage: { completion_tokens: tokens } })}\n\n`
    ).join("") + "data: [DONE]\n\n";
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(body, { headers: { "content-type": "text/event-stream" } }),
  );
  const client = Deno.createHttpClient({});
  const { records: [record] } = await runOpenLoop({
    requests: requestsOf([[0, 5, 6]]),
    endpoint: { url: `http://127.0.0.1:${server.addr.port}/v1`, model: "m", token: null },
    settings: DEFAULT_LIVE_SETTINGS,
    client,
    promptSeed: 1,
    prefixBlockTokens: 512,
    signal: new AbortController().signal,
  });
  client.close();
  await server.shutdown();
  assert.deepEqual([record.chunkTokens, record.exactChunks], [[2, 1, 3], true]);
  assert.deepEqual([record.promptTokens, record.completionTokens], [null, 6]);
});
