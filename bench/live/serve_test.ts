import assert from "node:assert/strict";
import { BenchError } from "../result/bench_error.ts";
import { parseChunk } from "./completion_chunk.ts";
import { startServer } from "./serve.ts";
import { post, postInTime, untilNoticed, withServer } from "./serve_test_support.ts";
import { readEvents } from "./sse.ts";
import { tinyWorkload } from "../run/test_support.ts";
import { SIDES } from "../result/sides.ts";

const words = (count: number): string => Array(count).fill("word").join(" ");

async function stream(url: string, body: Record<string, unknown>): Promise<string[]> {
  const response = await post(url, { stream: true, ...body });
  assert.equal(response.status, 200);
  return await Array.fromAsync(readEvents(response.body!));
}

Deno.test("startServer() streams as many tokens as asked, with usage at the end", async () => {
  await withServer({}, async ({ url }) => {
    for (const path of ["completions", "chat/completions"]) {
      const events = await stream(`${url}/${path}`, {
        prompt: words(7),
        messages: [{ role: "user", content: words(7) }],
        max_tokens: 5,
        stream_options: { include_usage: true },
      });
      assert.equal(events.at(-1), "[DONE]");
      const chunks = events.slice(0, -1).map(parseChunk);
      assert.equal(chunks.filter(({ text }) => text !== "").length, 5);
      assert.equal(chunks.at(-2)?.finishReason, "length");
      assert.deepEqual(chunks.at(-1)?.usage, { promptTokens: 7, completionTokens: 5 });
    }
  });
});

Deno.test("startServer() answers whole, lists its model and tells its status", async () => {
  await withServer({}, async ({ url }) => {
    const answer = await (await post(`${url}/completions`, { prompt: [1, 2], max_tokens: 3 }))
      .json();
    assert.deepEqual(answer.usage, { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 });
    assert.equal(answer.choices[0].text, " so so so");
    const models = await (await fetch(`${url}/models`)).json();
    assert.equal(models.data[0].id, "tiny-model");
    const health = await (await fetch(url.replace("/v1", "/health"))).json();
    assert.deepEqual([health.running, health.waiting], [0, 0]);
  });
});

Deno.test("startServer() puts several tokens into an event when told to", async () => {
  await withServer({ tokensPerEvent: 4 }, async ({ url }) => {
    const events = await stream(`${url}/completions`, {
      prompt: "a",
      max_tokens: 10,
      stream_options: { include_usage: true, continuous_usage_stats: true },
    });
    const counts = events.slice(0, 3).map((event) => parseChunk(event).usage?.completionTokens);
    assert.deepEqual(counts, [4, 8, 10]);
  });
});

Deno.test("startServer() refuses what is wrong with the status that says so", async () => {
  await withServer({ bounds: { maxBodyBytes: 2000 } }, async ({ url }) => {
    const statusOf = async (path: string, body: unknown): Promise<number> => {
      const response = await post(`${url}${path}`, body);
      assert.equal(typeof (await response.json()).error.message, "string");
      return response.status;
    };
    assert.equal(await statusOf("/completions", "{"), 400);
    assert.equal(await statusOf("/completions", { prompt: "" }), 400);
    assert.equal(await statusOf("/completions", { prompt: [1.5] }), 400);
    assert.equal(await statusOf("/completions", { prompt: "a", max_tokens: 0 }), 400);
    assert.equal(await statusOf("/completions", { prompt: "a", n: 2 }), 400);
    assert.equal(await statusOf("/completions", { prompt: "a", max_tokens: 5000 }), 400);
    assert.equal(await statusOf("/chat/completions", { messages: "a" }), 400);
    assert.equal(await statusOf("/completions", { prompt: words(1000) }), 413);
    assert.equal(await statusOf("/nowhere", {}), 404);
    const get = await fetch(`${url}/completions`);
    assert.equal(get.status, 405);
    await get.body?.cancel();
  });
});

Deno.test("startServer() ends a request when its client goes away", async () => {
  await withServer({ timeScale: 20 }, async (server) => {
    const { url, status } = server;
    const abort = new AbortController();
    const body = { prompt: "a", "max_tokens": 2000, stream: true };
    const response = await post(`${url}/completions`, body, abort.signal);
    const reader = response.body!.getReader();
    await reader.read();
    assert.equal(status().running, 1);
    abort.abort();
    await assert.rejects(async () => {
      while (!(await reader.read()).done);
    });
    await untilNoticed(server, () => status().running === 0);
    assert.ok(status().steps < 2000);
  });
});

Deno.test("startServer() refuses more requests than it may take, and serves on", async () => {
  await withServer({ bounds: { maxRequests: 2 }, timeScale: 1e5 }, async ({ url }) => {
    const abort = new AbortController();
    const long = { prompt: "a", "max_tokens": 1000, stream: true };
    const open = await Promise.all(
      [1, 2].map(() => post(`${url}/completions`, long, abort.signal)),
    );
    const third = await post(`${url}/completions`, long);
    assert.equal(third.status, 429);
    assert.equal(third.headers.get("retry-after"), "1");
    await third.body?.cancel();
    abort.abort();
    await Promise.all(open.map((response) => assert.rejects(response.text())));
  });
});

Deno.test("startServer() serves on beside clients that never finish sending", async () => {
  await withServer({ bounds: { bodyTimeoutMs: 300 } }, async ({ url }) => {
    const { port } = new URL(url);
    const opened: Deno.TcpConn[] = [];
    const half =
      "POST /v1/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 90\r\n";
    try {
      // Half in the headers, half in the body.
      for (let i = 0; i < 120; i++) {
        const connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
        opened.push(connection);
        await connection.write(new TextEncoder().encode(i % 2 === 0 ? half : `${half}\r\n{"pro`));
      }
      const answer = await postInTime(`${url}/completions`, { prompt: "a b", max_tokens: 2 });
      assert.equal((await answer.json()).usage.completion_tokens, 2);
      const buffer = new Uint8Array(200);
      const count = await opened[1].read(buffer);
      const text = new TextDecoder().decode(buffer.subarray(0, count ?? 0));
      assert.match(text, /^HTTP\/1\.1 408 /);
    } finally {
      for (const connection of opened) connection.close();
    }
  });
});

Deno.test("startServer() refuses an oversized body before it is all there", async () => {
  await withServer({ bounds: { maxBodyBytes: 10_000 } }, async ({ url }) => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller): void {
        sent += 1000;
        // An honest end, far past the bound, keeps a broken server from looping for ever.
        if (sent > 50_000_000) controller.close();
        else controller.enqueue(new Uint8Array(1000).fill(0x20));
      },
    });
    const outcome = await fetch(`${url}/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: endless,
    }).then(
      async (response) => {
        await response.body?.cancel();
        return response.status;
      },
      () => "connection closed",
    );
    assert.ok(outcome === 413 || outcome === "connection closed", String(outcome));
    assert.ok(sent < 50_000_000);
    const answer = await post(`${url}/completions`, { prompt: "a", max_tokens: 1 });
    assert.equal(answer.status, 200);
    await answer.body?.cancel();
  });
});

Deno.test("startServer() shares prefixes between prompts when told to", async () => {
  await withServer({ prefixCache: true }, async ({ url, status }) => {
    const ask = async (tail: string): Promise<void> => {
      const body = { prompt: `${words(1100)} ${tail}`, "max_tokens": 2 };
      await (await post(`${url}/completions`, body)).body?.cancel();
    };
    await ask("a");
    assert.equal(status().hitTokens, 0);
    await ask("b");
    assert.equal(status().hitTokens, 1024);
  });
});

Deno.test("startServer() paces steps by the clock, times the factor", async () => {
  const workload = tinyWorkload();
  const elapsed = async (timeScale: number): Promise<number> =>
    await withServer({ timeScale, workload }, async ({ url }) => {
      await (await post(`${url}/completions`, { prompt: "a", max_tokens: 1 })).body?.cancel();
      const startMs = performance.now();
      await (await post(`${url}/completions`, { prompt: "a", max_tokens: 20 })).json();
      return performance.now() - startMs;
    });
  // A step of the tiny model takes about half a millisecond: 20 of them at 20 times that.
  assert.ok(await elapsed(20) > 100);
});

Deno.test("startServer() refuses other addresses, scales and sizes of events", async () => {
  const base = { workload: tinyWorkload(), side: SIDES.headwise };
  for (const o of [{ hostname: "0.0.0.0" }, { timeScale: -1 }, { tokensPerEvent: 0 }]) {
    await assert.rejects(startServer({ ...base, ...o }), BenchError);
  }
  const workload = { ...tinyWorkload(), ceilings: null };
  await assert.rejects(startServer({ ...base, workload }), /states no ceilings/);
});
