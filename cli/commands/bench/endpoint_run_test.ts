import assert from "node:assert/strict";
import { type ServeOptions, SIDES, startServer } from "../../../bench/mod.ts";
import { loadWorkload, requireLoaded } from "../../../fixtures/mod.ts";
import { capture } from "../../testing_context.ts";

const OUT = "results/tests/endpoint/result.json";
const JUDGED = "results/tests/endpoint/judged.json";
const SMALL = [
  "--set",
  "requests.count=4,requests.outputTokens.minTokens=2,requests.outputTokens.maxTokens=4",
  "--pairs",
  "3",
  "--warmup-requests",
  "1",
  "--out",
  OUT,
];

async function withServer<T>(
  o: Partial<ServeOptions>,
  test: (url: string) => Promise<T>,
): Promise<T> {
  const workload = requireLoaded(await loadWorkload("smoke"));
  const server = await startServer({ workload, side: SIDES.pooled, ...o });
  try {
    return await test(server.url);
  } finally {
    await server.close();
  }
}

async function bench(...args: readonly string[]) {
  return await capture(["bench", ...SMALL, ...args]);
}

Deno.test("benchEndpoint() judges two servers and writes the result", async () => {
  // So far apart that a busy machine does not blur them.
  await withServer({ timeScale: 15 }, async (fast) => {
    await withServer({ timeScale: 900 }, async (slow) => {
      const servers = ["--endpoint", fast, "--against", slow, "--slo", "ttft=60s"];
      const out = ["--pairs", "4", "--out", JUDGED];
      const run = await capture(["bench", ...SMALL.slice(0, 2), ...servers, ...out]);
      assert.equal(run.exitCode, 0, run.stderr);
      assert.match(run.stdout, /^PASS {2}gate\/live/);
      assert.match(run.stdout, /goodput \[requests\/s\]/);
      const result = JSON.parse(await Deno.readTextFile(JUDGED));
      assert.equal(result.kind, "headwise/live-result");
      assert.equal(result.sides[0].runs.length, 4);
    });
  });
});

Deno.test("benchEndpoint() lists what failed, and exits 4 when nothing was answered", async () => {
  await withServer({ timeScale: 0, faults: { status: 1 } }, async (url) => {
    const run = await bench("--endpoint", url);
    assert.equal(run.exitCode, 4);
    assert.match(run.stdout, /endpoint failed 12 requests: 12 status/);
    assert.match(run.stdout, /pair 1, request 0: status: Status 500/);
    assert.match(run.stdout, /and 7 more/);
    await withServer({ timeScale: 0 }, async (sound) => {
      assert.equal((await bench("--endpoint", url, "--against", sound, "--enforce")).exitCode, 1);
    });
  });
});

Deno.test("benchEndpoint() exits 2 for what is no objective and without an endpoint", async () => {
  const url = "http://127.0.0.1:9/v1";
  assert.equal((await bench("--endpoint", url, "--slo", "fast")).exitCode, 2);
  const lone = await bench("--against", url);
  assert.equal(lone.exitCode, 2);
  assert.match(lone.stderr, /no effect without --endpoint/);
});

Deno.test("benchEndpoint() sends the token and keeps it out of the result", async () => {
  let seen: string | null = null;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    seen = request.headers.get("authorization");
    return new Response("no", { status: 401 });
  });
  const url = `http://127.0.0.1:${server.addr.port}/v1`;
  const run = await capture(["bench", ...SMALL, "--endpoint", url, "--json"], {
    environment: { HEADWISE_ENDPOINT_TOKEN: "a-secret" },
  });
  await server.shutdown();
  assert.equal(seen, "Bearer a-secret");
  assert.doesNotMatch(run.stdout + run.stderr + await Deno.readTextFile(OUT), /a-secret/);
});

/** Ways in which a server can say a token back, given the header that it was sent. */
const ECHOES: Readonly<Record<string, (header: string) => Response>> = {
  "in a body": (header) => new Response(`no ${header}`, { status: 401 }),
  "cut by shortening": (header) =>
    new Response(`${"x".repeat(110)}${header.slice(7)}`, { status: 401 }),
  "in a content type": (header) => new Response("", { headers: { "content-type": header } }),
  "in an error event": (header) =>
    events(`data: ${JSON.stringify({ error: { message: `bad ${header}` } })}\n\n`),
  "in what is not JSON": (header) => events(`data: ${header}\n\n`),
};

function events(text: string): Response {
  return new Response(text, { headers: { "content-type": "text/event-stream" } });
}

for (const [way, respond] of Object.entries(ECHOES)) {
  Deno.test(`benchEndpoint() keeps a token out that a server says back ${way}`, async () => {
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => respond(request.headers.get("authorization") ?? ""),
    );
    const url = `http://127.0.0.1:${server.addr.port}/v1`;
    const run = await capture(["bench", ...SMALL, "--endpoint", url], {
      environment: { HEADWISE_ENDPOINT_TOKEN: 'hush"hush/0123456789' },
    });
    await server.shutdown();
    const stored = await Deno.readTextFile(OUT);
    assert.match(stored, /\[token\]/);
    assert.doesNotMatch(run.stdout + run.stderr + stored, /hush/);
  });
}

Deno.test("benchEndpoint() sends no token to another server that was named without one", async () => {
  const seen: Record<string, Set<string | null>> = {};
  const serve = (name: string) =>
    Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
      (seen[name] ??= new Set()).add(request.headers.get("authorization"));
      return new Response("no", { status: 401 });
    });
  const servers = [serve("endpoint"), serve("against")];
  const [endpoint, against] = servers.map(({ addr }) => `http://127.0.0.1:${addr.port}/v1`);
  const arguments_ = ["bench", ...SMALL, "--endpoint", endpoint, "--against", against];
  await capture(arguments_, { environment: { HEADWISE_ENDPOINT_TOKEN: "for-endpoint" } });
  assert.deepEqual(seen, {
    endpoint: new Set(["Bearer for-endpoint"]),
    against: new Set([null]),
  });
  const both = { HEADWISE_ENDPOINT_TOKEN: "for-endpoint", HEADWISE_AGAINST_TOKEN: "for-against" };
  await capture(arguments_, { environment: both });
  await Promise.all(servers.map((server) => server.shutdown()));
  assert.deepEqual(seen.against, new Set([null, "Bearer for-against"]));
});

Deno.test("benchEndpoint() exits 1 when more requests failed than are allowed", async () => {
  await withServer({ timeScale: 0, faults: { status: 4 } }, async (failing) => {
    await withServer({ timeScale: 0 }, async (sound) => {
      const table: readonly (readonly [number, ...(readonly string[])])[] = [
        [1, "--endpoint", failing],
        [1, "--endpoint", failing, "--enforce"],
        [1, "--endpoint", failing, "--max-failed", "10%"],
        [0, "--endpoint", failing, "--max-failed", "40%"],
        [1, "--endpoint", sound, "--against", failing],
        [1, "--endpoint", sound, "--against", failing, "--enforce"],
        // A verdict allows no failed request, whatever a measurement may have.
        [1, "--endpoint", sound, "--against", failing, "--enforce", "--max-failed", "40%"],
        [0, "--endpoint", sound, "--against", failing, "--max-failed", "40%"],
        [0, "--endpoint", sound],
      ];
      for (const [exitCode, ...args] of table) {
        const run = await bench(...args);
        assert.equal(run.exitCode, exitCode, `${args.join(" ")}\n${run.stderr}`);
        const isNamed = /More requests to '.*' failed than --max-failed allows/.test(run.stderr);
        assert.equal(isNamed, exitCode === 1 && !args.includes("40%"), args.join(" "));
      }
    });
  });
});

Deno.test("benchEndpoint() exits 1 when each request is given up by its server", async () => {
  const events = [
    '{"choices":[{"text":" a"}]}',
    '{"choices":[{"text":"","finish_reason":"abort"}]}',
  ];
  const body = [...events, "[DONE]"].map((data) => `data: ${data}\n\n`).join("");
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(body, { headers: { "content-type": "text/event-stream" } }),
  );
  const url = `http://127.0.0.1:${server.addr.port}/v1`;
  await withServer({ timeScale: 900 }, async (slow) => {
    const run = await bench("--endpoint", url, "--against", slow, "--enforce");
    assert.equal(run.exitCode, 1);
    assert.match(run.stdout, /^FAIL {2}gate\/live/);
    assert.match(run.stdout, /endpoint failed 12 requests: 12 finish-reason/);
    const result = JSON.parse(await Deno.readTextFile(OUT));
    assert.deepEqual(result.sides[0].runs[0].performance.failedByKind, { "finish-reason": 4 });
  });
  await server.shutdown();
});
