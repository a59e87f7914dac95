import assert from "node:assert/strict";
import { type ServeOptions, SIDES, startServer } from "../../../bench/mod.ts";
import { loadWorkload, requireLoaded } from "../../../fixtures/mod.ts";
import { capture } from "../../testing_context.ts";

const OUT = "results/tests/endpoint/result.json";
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
  await withServer({ timeScale: 150 }, async (fast) => {
    await withServer({ timeScale: 900 }, async (slow) => {
      const run = await bench("--endpoint", fast, "--against", slow, "--slo", "ttft=60s");
      assert.equal(run.exitCode, 0, run.stderr);
      assert.match(run.stdout, /^PASS {2}gate\/live/);
      assert.match(run.stdout, /goodput \[requests\/s\]/);
      const result = JSON.parse(await Deno.readTextFile(OUT));
      assert.equal(result.kind, "headwise/live-result");
      assert.equal(result.sides[0].runs.length, 3);
    });
  });
});

Deno.test("benchEndpoint() lists what failed, and exits 4 when nothing was answered", async () => {
  await withServer({ timeScale: 0, faults: { status: 1 } }, async (url) => {
    const run = await bench("--endpoint", url);
    assert.equal(run.exitCode, 4);
    assert.match(run.stdout, /endpoint failed 12 requests: 12 status/);
    assert.match(run.stdout, /pair 0, request 0: status: Status 500/);
    assert.match(run.stdout, /and 7 more/);
    await withServer({ timeScale: 0 }, async (sound) => {
      assert.equal((await bench("--endpoint", url, "--against", sound, "--enforce")).exitCode, 1);
    });
  });
});

Deno.test("benchEndpoint() exits 4 for what is no objective and 2 without an endpoint", async () => {
  const url = "http://127.0.0.1:9/v1";
  assert.equal((await bench("--endpoint", url, "--slo", "fast")).exitCode, 4);
  const lone = await bench("--against", url);
  assert.equal(lone.exitCode, 2);
  assert.match(lone.stderr, /name it with --endpoint/);
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
