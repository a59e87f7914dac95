import assert from "node:assert/strict";
import { BenchError } from "../result/bench_error.ts";
import { requestsOf, tinyWorkload } from "../run/test_support.ts";
import { judgeLive } from "./live_gate.ts";
import type { LiveResult, LiveSettings } from "./live_schema.ts";
import { serializeResult } from "../result/mod.ts";
import { parseLiveResult } from "./live_schema.ts";
import { runLive } from "./run_live.ts";
import { withServer } from "./serve_test_support.ts";

const QUICK: Partial<LiveSettings> = {
  pairs: 1,
  warmupRequests: 1,
  requestTimeoutMs: 5000,
  idleTimeoutMs: 2000,
};

function trace(count: number, o: { gapMs?: number; input?: number; output?: number } = {}) {
  const rows = Array.from(
    { length: count },
    (_, i) => [i * (o.gapMs ?? 0), o.input ?? 20, o.output ?? 8] as [number, number, number],
  );
  return { name: "tiny.csv", sha256: "", dropped: {}, requests: requestsOf(rows) };
}

async function measure(
  url: string,
  o: { count?: number; gapMs?: number; output?: number; settings?: Partial<LiveSettings> } = {},
): Promise<LiveResult> {
  return await runLive({
    workload: tinyWorkload(),
    trace: trace(o.count ?? 6, o),
    endpoint: { url, model: "tiny", token: null },
    settings: { ...QUICK, ...o.settings },
  });
}

Deno.test("runLive() measures a server and counts tokens by its usage", async () => {
  await withServer({ timeScale: 2 }, async ({ url }) => {
    for (
      const settings of [{ api: "chat" }, { api: "completions", promptAs: "token-ids" }] as const
    ) {
      const result = await measure(url, { settings });
      const { performance, errors, samples } = result.sides[0].runs[0];
      assert.deepEqual(errors, []);
      assert.deepEqual(performance.promptTokens, { asked: 120, counted: 120 });
      assert.deepEqual(performance.outputTokens, { asked: 48, counted: 48 });
      assert.equal(performance.tbtMs?.count, 42);
      assert.equal(performance.exactChunkRequests, 6);
      assert.equal(samples.ttftMs.length, 6);
      assert.equal(result.gate, null);
      assert.deepEqual(parseLiveResult(serializeResult(result), { file: "a" }), result);
    }
  });
});

Deno.test("runLive() spreads the total evenly when events hold several tokens", async () => {
  await withServer({ timeScale: 1, tokensPerEvent: 4 }, async ({ url }) => {
    const measured = async (ignoreEos: boolean) =>
      (await measure(url, { count: 3, output: 40, settings: { ignoreEos } })).sides[0].runs[0];
    const { performance } = await measured(false);
    assert.equal(performance.exactChunkRequests, 0);
    // Engines that know ignore_eos are asked for a count in every event.
    assert.equal((await measured(true)).performance.exactChunkRequests, 3);
    assert.equal(performance.chunkGapMs?.count, 3 * 9);
    assert.equal(performance.tbtMs?.count, 3 * 36);
    assert.ok(Math.abs(performance.tbtMs!.mean * 4 - performance.chunkGapMs!.mean) < 1e-6);
  });
});

Deno.test("runLive() passes the faster of two servers on loopback and fails the slower", async () => {
  // Far apart and slow beside timers, so that a busy machine does not blur the verdict.
  await withServer({ timeScale: 40 }, async (fast) => {
    await withServer({ timeScale: 200 }, async (slow) => {
      const result = await runLive({
        workload: tinyWorkload(),
        trace: trace(4, { output: 3 }),
        endpoint: { url: fast.url, model: "tiny", token: null },
        against: { url: slow.url, model: "tiny", token: null },
        settings: { ...QUICK, pairs: 4 },
      });
      assert.equal(result.gate?.verdict, "PASS", result.gate?.reasons.join("; "));
      const [endpoint, against] = result.sides;
      assert.deepEqual(endpoint.runs.map(({ order }) => order), [0, 3, 4, 7]);
      assert.deepEqual(against.runs.map(({ order }) => order), [1, 2, 5, 6]);
      assert.equal(judgeLive({ endpoint: against, against: endpoint }).verdict, "FAIL");
    });
  });
});

Deno.test("runLive() never passes a server against itself", async () => {
  await withServer({ timeScale: 10 }, async ({ url }) => {
    const one = { url, model: "tiny", token: null };
    const { gate } = await runLive({
      workload: tinyWorkload(),
      trace: trace(4),
      endpoint: one,
      against: one,
      settings: { ...QUICK, pairs: 4 },
    });
    assert.notEqual(gate?.verdict, "PASS");
  });
});

Deno.test("runLive() measures from the scheduled arrival when the cap holds requests back", async () => {
  await withServer({ timeScale: 20 }, async ({ url }) => {
    const settings = { maxInFlight: 1, warmupRequests: 0 };
    const { performance, samples } = (await measure(url, { count: 3, settings })).sides[0].runs[0];
    assert.equal(performance.peakInFlight, 1);
    const [first, second, third] = samples.clientQueueMs as number[];
    assert.ok(second - first > 50 && third - second > 50, samples.clientQueueMs.join());
    samples.ttftMs.forEach((ttftMs, i) => assert.ok(ttftMs! > samples.clientQueueMs[i]!));
    assert.ok(performance.serviceTtftMs!.mean < performance.ttftMs!.mean);
  });
});

Deno.test("runLive() keeps sending when the server is slow: the loop is open", async () => {
  await withServer({ timeScale: 100 }, async ({ url }) => {
    const settings = { warmupRequests: 0 };
    const { performance } =
      (await measure(url, { count: 5, gapMs: 20, output: 4, settings })).sides[0].runs[0];
    assert.equal(performance.peakInFlight, 5);
    assert.ok(performance.clientQueueMs!.max < 250);
  });
});

Deno.test("runLive() counts every kind of failure once, and it fails the gate", async () => {
  const table = [
    [{ status: 3 }, "status", /500/],
    [{ server: 3 }, "server", /told to fail/],
    [{ disconnect: 3 }, "disconnected", /./],
    [{ stall: 3 }, "timeout", /No byte for 500 ms/],
    [{ malformed: 3 }, "malformed", /not a JSON object/],
    [{ abort: 3 }, "finish-reason", /'abort'/],
    [{ cut: 3 }, "cut-off", /\[DONE\] came without/],
  ] as const;
  for (const [faults, kind, message] of table) {
    await withServer({ faults, timeScale: 1 }, async ({ url, status }) => {
      const settings = { idleTimeoutMs: 500, warmupRequests: 0 };
      const result = await measure(url, { settings });
      const { errors, performance, samples } = result.sides[0].runs[0];
      assert.deepEqual(errors.map((error) => error.kind), [kind, kind]);
      errors.forEach((error) => assert.match(error.message, message));
      assert.deepEqual([performance.completed, performance.failed], [4, 2]);
      assert.deepEqual(performance.failedByKind, { [kind]: 2 });
      assert.equal(samples.ttftMs.filter((ttftMs) => ttftMs === null).length, 2);
      assert.equal(status().running, 0);
    });
  }
  await withServer({ faults: { status: 9 }, timeScale: 1 }, async (broken) => {
    await withServer({ timeScale: 50 }, async (slow) => {
      const { gate } = await runLive({
        workload: tinyWorkload(),
        trace: trace(6, { output: 3 }),
        endpoint: { url: broken.url, model: "tiny", token: null },
        against: { url: slow.url, model: "tiny", token: null },
        settings: { ...QUICK, pairs: 2 },
      });
      assert.equal(gate?.verdict, "FAIL");
      assert.match(
        gate!.reasons[0],
        /failed 1 requests \(1 status\), the first being request 1: status/,
      );
    });
  });
});

Deno.test("runLive() reports requests of the warm-up that failed, and allows no PASS with them", async () => {
  await withServer({ faults: { status: 3 }, timeScale: 1 }, async ({ url }) => {
    const settings = { warmupRequests: 4 };
    const result = await measure(url, { count: 4, settings });
    const [{ warmupErrors, runs }] = result.sides;
    assert.deepEqual(warmupErrors!.map(({ kind }) => kind), ["status"]);
    assert.deepEqual(runs[0].errors.map(({ kind }) => kind), ["status"]);
    assert.deepEqual(parseLiveResult(serializeResult(result), { file: "a" }), result);
    const side = { ...result.sides[0], runs: [] };
    const { verdict, reasons } = judgeLive({
      endpoint: { ...side, role: "endpoint", warmupErrors: [] },
      against: { ...side, role: "against" },
    });
    assert.notEqual(verdict, "PASS");
    assert.match(reasons.join("\n"), /against '.*' failed 1 requests of the warm-up \(1 status\)/);
  });
});

Deno.test("runLive() records a refused connection and tries nothing again", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const settings = { warmupRequests: 0 };
  const { errors } =
    (await measure(`http://127.0.0.1:${port}/v1`, { count: 2, settings })).sides[0].runs[0];
  assert.deepEqual(errors.map(({ kind }) => kind), ["connect", "connect"]);
  let asked = 0;
  const refusing = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    asked++;
    return new Response("busy", { status: 503, headers: { "retry-after": "0" } });
  });
  await measure(`http://127.0.0.1:${refusing.addr.port}/v1`, { count: 3, settings });
  await refusing.shutdown();
  assert.equal(asked, 3);
});

Deno.test("runLive() takes a stream without an end, text or event type for a failure", async () => {
  const done = "data: [DONE]\n\n";
  const text = 'data: {"choices":[{"text":"a"}]}\n\n';
  const table = [
    ["text/event-stream", text, "cut-off"],
    ["text/event-stream", done, "cut-off"],
    ["application/json", "{}", "malformed"],
  ] as const;
  for (const [type, body, kind] of table) {
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () => new Response(body, { headers: { "content-type": type } }),
    );
    const settings = { warmupRequests: 0 };
    const url = `http://127.0.0.1:${server.addr.port}/v1`;
    const { errors } = (await measure(url, { count: 1, settings })).sides[0].runs[0];
    await server.shutdown();
    assert.deepEqual(errors.map((error) => error.kind), [kind]);
  }
});

Deno.test("runLive() counts as good what meets every objective", async () => {
  await withServer({ timeScale: 1, faults: { status: 4 } }, async ({ url }) => {
    const goodShare = async (ttftMs: number): Promise<number | null> => {
      const objectives = { ttftMs, tbtMs: null, endToEndMs: null };
      const settings = { objectives, warmupRequests: 0 };
      return (await measure(url, { count: 4, settings })).sides[0].runs[0].performance.goodShare;
    };
    assert.equal(await goodShare(60_000), 0.75);
    assert.equal(await goodShare(0.001), 0);
  });
});

Deno.test("runLive() ends at once when it is stopped", async () => {
  await withServer({ timeScale: 1e5 }, async ({ url }) => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    const running = runLive({
      workload: tinyWorkload(),
      trace: trace(3, { gapMs: 40 }),
      endpoint: { url, model: "tiny", token: null },
      settings: { ...QUICK, warmupRequests: 0, idleTimeoutMs: 60_000, requestTimeoutMs: 60_000 },
      signal: stop.signal,
    });
    await assert.rejects(running, { name: "AbortError" });
  });
});

Deno.test("runLive() refuses settings and URLs by name", async () => {
  const url = "http://127.0.0.1:1/v1";
  const table: readonly [string, Partial<LiveSettings>, RegExp][] = [
    ["ftp://127.0.0.1", {}, /ftp/],
    ["nowhere", {}, /nowhere/],
    ["http://user:word@127.0.0.1/v1", {}, /has no user/],
    [url, { pairs: 0 }, /pairs '0'/],
    [url, { maxInFlight: 1.5 }, /maxInFlight '1.5'/],
    [url, { timeScale: -1 }, /timeScale '-1'/],
    [url, { idleTimeoutMs: 0 }, /idleTimeoutMs '0'/],
    [url, { api: "chat", promptAs: "token-ids" }, /chat API/],
  ];
  for (const [endpoint, settings, message] of table) {
    await assert.rejects(measure(endpoint, { settings }), (error) => {
      assert.ok(error instanceof BenchError);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /user:word/);
      return true;
    });
  }
});

Deno.test("runLive() refuses a token and an address without saying what is secret in them", async () => {
  const endpoints = [
    { url: "http://127.0.0.1:9/v1", token: "hush\nhush" },
    { url: "http://user:hush@ho st/v1?key=hush", token: null },
    { url: "ftp://user:hush@host/v1#hush", token: null },
    { url: "http://user:hush@host/v1", token: null },
    { url: "http://host/v1?key=hush", token: null },
  ];
  for (const endpoint of endpoints) {
    await assert.rejects(
      runLive({ workload: tinyWorkload(), trace: trace(1), endpoint: { model: "m", ...endpoint } }),
      (error: Error) => error.name === "BenchError" && !error.stack!.includes("hush"),
    );
  }
});

Deno.test("runLive() stores no token that stands in an address or a model's name", async () => {
  const token = "hush-hush-hush";
  const seen: string[] = [];
  const result = await runLive({
    workload: tinyWorkload(),
    trace: trace(1),
    endpoint: { url: `http://127.0.0.1:9/${token}/v1`, model: `m-${token}`, token },
    settings: QUICK,
    onProgress: ({ url }) => seen.push(url),
  });
  assert.equal(result.sides[0].url, "http://127.0.0.1:9/[token]/v1");
  assert.doesNotMatch(JSON.stringify(result) + seen.join(), /hush/);
  assert.ok(seen.length > 0);
});

Deno.test("runLive() sends neither requests nor tokens to a proxy of the environment", async () => {
  const seen: string[] = [];
  const listen = (name: string) =>
    Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
      seen.push(name);
      return new Response("no", { status: 401 });
    });
  const [server, proxy] = [listen("server"), listen("proxy")];
  const variables = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
  const script = `
    import { runLive } from "./bench/mod.ts";
    import { loadWorkload, requireLoaded } from "./fixtures/mod.ts";
    const overrides = [{ path: "requests.count", value: 2, origin: "test" }];
    await runLive({
      workload: requireLoaded(await loadWorkload("smoke", { overrides })),
      endpoint: { url: "http://127.0.0.1:${server.addr.port}/v1", model: "m", token: "secret" },
      settings: { pairs: 1, warmupRequests: 0 },
    });
  `;
  const { success, stderr } = await new Deno.Command("deno", {
    args: ["eval", "--quiet", "--no-check", script],
    env: Object.fromEntries(
      variables.map((name) => [name, `http://127.0.0.1:${proxy.addr.port}`]),
    ),
  }).output();
  await Promise.all([server.shutdown(), proxy.shutdown()]);
  assert.ok(success, new TextDecoder().decode(stderr));
  assert.deepEqual(seen, ["server", "server"]);
});
