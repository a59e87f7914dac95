// deno-lint-ignore-file camelcase -- fields as the wire names them
/** What a client can make the server keep, and who may be a client. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { isNestedDeeper } from "./json_depth.ts";
import { MAX_ECHOED_LENGTH } from "./serve_request.ts";
import { DEFAULT_SERVE_BOUNDS } from "./serve.ts";
import { post, untilNoticed, withServer } from "./serve_test_support.ts";
import { countUnread, type UnreadStream } from "./unread_bytes.ts";

const ASK = { prompt: "a", max_tokens: 1 };

Deno.test("startServer() echoes no field longer than its bound", () =>
  withServer({}, async ({ url }) => {
    const statusOf = async (model: string): Promise<number> => {
      const response = await post(`${url}/completions`, { ...ASK, model, stream: true });
      const text = await response.text();
      assert.ok(text.length < 2000, `${text.length} characters`);
      return response.status;
    };
    assert.equal(await statusOf("x".repeat(MAX_ECHOED_LENGTH)), 200);
    for (const length of [MAX_ECHOED_LENGTH + 1, 100_000, 4_000_000]) {
      assert.equal(await statusOf("x".repeat(length)), 400);
    }
    const response = await fetch(`${url}/${"y".repeat(10_000)}`);
    assert.equal(response.status, 404);
    assert.ok((await response.text()).length < 300);
  }));

Deno.test("startServer() refuses bodies that nest deep, before anything parses them", () =>
  withServer({}, async ({ url }) => {
    for (
      const text of ["[".repeat(4_000_000), '{"a":'.repeat(500_000), '{"prompt":' + "[".repeat(33)]
    ) {
      const response = await post(`${url}/completions`, text);
      assert.equal(response.status, 400);
      assert.match((await response.json()).error.message, /nested more than 32 deep/);
    }
    const inText = await post(`${url}/completions`, { ...ASK, prompt: "[".repeat(1000) });
    assert.equal(inText.status, 200);
    await inText.body?.cancel();
  }));

Deno.test("isNestedDeeper() counts what JSON.parse() would open, and no brackets within texts", () => {
  const depthOf = (value: unknown): number =>
    typeof value !== "object" || value === null
      ? 0
      : 1 + Math.max(0, ...Object.values(value).map(depthOf));
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
    const depth = depthOf(value);
    for (const text of [JSON.stringify(value), JSON.stringify(value, null, 2)]) {
      assert.equal(isNestedDeeper(text, depth), false);
      if (depth > 0) assert.equal(isNestedDeeper(text, depth - 1), true);
    }
  }));
  assert.equal(isNestedDeeper(JSON.stringify(['"\\[[[', "[[["]), 1), false);
});

Deno.test("startServer() refuses bodies of more bytes in all than it may read", () =>
  withServer({ bounds: { maxReadingBytes: 100_000 } }, async ({ url }) => {
    const large = await post(`${url}/completions`, { prompt: " ".repeat(100_001) + "a" });
    assert.equal(large.status, 503);
    await large.body?.cancel();
    // What was read is given back, so that this can go on for ever.
    for (let i = 0; i < 5; i++) {
      const answer = await post(`${url}/completions`, { ...ASK, prompt: " ".repeat(90_000) + "a" });
      assert.equal(answer.status, 200);
      await answer.body?.cancel();
    }
  }));

Deno.test("DEFAULT_SERVE_BOUNDS leaves unread one mebibyte of an answer, and 64 of all", () => {
  assert.equal(DEFAULT_SERVE_BOUNDS.maxUnreadBytes, 1024 * 1024);
  assert.equal(DEFAULT_SERVE_BOUNDS.maxUnreadBytesInAll, 64 * 1024 * 1024);
});

Deno.test("countUnread() ends a stream past its bound, and those with most past the common one", () => {
  const unread = countUnread({ maxBytes: 100, maxBytesInAll: 250 });
  const made = Array.from({ length: 4 }, () => {
    let waiting = 0;
    const ended: string[] = [];
    const stream: UnreadStream = {
      waitingBytes: () => waiting,
      breakOff: (why) => {
        ended.push(why);
        unread.streams.delete(stream);
      },
    };
    unread.streams.add(stream);
    return {
      ended,
      queue: (bytes: number): void => {
        waiting += bytes;
        unread.onQueued(stream, bytes);
      },
      read: (bytes: number): void => void (waiting -= bytes),
    };
  });
  const [a, b, c, d] = made as [typeof made[0], typeof made[0], typeof made[0], typeof made[0]];
  a.queue(100);
  assert.deepEqual(a.ended, []);
  a.queue(1);
  assert.deepEqual(a.ended, ["unread"]);
  // What is read does not count, however much there was.
  for (let i = 0; i < 100; i++) {
    b.queue(90);
    b.read(90);
  }
  b.queue(80);
  c.queue(90);
  d.queue(80);
  assert.deepEqual([b.ended, c.ended, d.ended], [[], [], []]);
  d.queue(1);
  assert.deepEqual([b.ended, c.ended, d.ended], [[], ["unread by too many"], []]);
});

/** A connection that asks for a stream and reads nothing of it. */
async function askAndIgnore(port: number, tokens: number): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const body = JSON.stringify({
    prompt: "a",
    max_tokens: tokens,
    stream: true,
    stream_options: { continuous_usage_stats: true },
    model: "m".repeat(MAX_ECHOED_LENGTH),
  });
  const head = `POST /v1/completions HTTP/1.1\r\nhost: localhost:${port}\r\n` +
    `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  await connection.write(new TextEncoder().encode(head + body));
  return connection;
}

Deno.test("startServer() ends the requests of clients that do not read, and serves on", () =>
  withServer({ bounds: { maxUnreadBytes: 20_000 } }, async (server) => {
    const { url, status } = server;
    const port = Number(new URL(url).port);
    // More than the sockets and the relay take up without anyone reading.
    const held = await Promise.all(Array.from({ length: 8 }, () => askAndIgnore(port, 2000)));
    let looks = 0;
    await untilNoticed(server, () => ++looks > 3 && status().running + status().waiting === 0);
    const answer = await post(`${url}/completions`, ASK);
    assert.equal(answer.status, 200);
    await answer.body?.cancel();
    held.forEach((connection) => connection.close());
  }));

/** Headers that only a page, or a name that leads to loopback, would come with. */
const FOREIGN: readonly (readonly [string, Readonly<Record<string, string>>, number])[] = [
  ["a foreign name", { host: "evil.example" }, 403],
  ["a name that only begins as ours", { host: "localhost.evil.example:80" }, 403],
  ["an address of others", { host: "192.168.1.2:8000" }, 403],
  ["no host", { host: "" }, 403],
  ["a foreign origin", { origin: "https://evil.example" }, 403],
  ["a page without an origin", { origin: "null" }, 403],
  ["a page of another port", { origin: "http://127.0.0.1:1" }, 403],
  ["a page of a secure origin", { origin: "https://127.0.0.1" }, 403],
  ["another site", { "sec-fetch-site": "cross-site" }, 403],
  ["the same site", { "sec-fetch-site": "same-site" }, 403],
  ["a text", { "content-type": "text/plain" }, 415],
  ["a text that says JSON", { "content-type": "text/plain; application/json" }, 415],
  ["a form", { "content-type": "application/x-www-form-urlencoded" }, 415],
  ["a form of parts", { "content-type": "multipart/form-data; boundary=x" }, 415],
  ["no type", { "content-type": "" }, 415],
];

/** Sends a request with exactly these headers; gives the status. */
async function statusOf(
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
): Promise<number> {
  const { port } = new URL(url);
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
  const body = method === "POST" ? JSON.stringify(ASK) : "";
  const path = method === "POST" ? "/v1/completions" : "/v1/models";
  const lines = Object.entries({
    host: `127.0.0.1:${port}`,
    "content-type": "application/json",
    "content-length": String(body.length),
    connection: "close",
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  const text = `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`;
  await connection.write(new TextEncoder().encode(text));
  const answer = await new Response(connection.readable).text();
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
}

Deno.test("startServer() refuses what a page could have sent", () =>
  withServer({}, async ({ url, status }) => {
    const before = status().steps;
    for (const [what, headers, expected] of FOREIGN) {
      assert.equal(await statusOf(url, "POST", headers), expected, what);
      if (expected === 403) assert.equal(await statusOf(url, "GET", headers), 403, what);
    }
    assert.equal(status().steps, before);
    const { port } = new URL(url);
    for (
      const headers of [
        {},
        { host: "localhost" },
        { host: `[::1]:${port}` },
        { origin: `http://127.0.0.1:${port}`, "sec-fetch-site": "same-origin" },
        { "content-type": "Application/JSON; charset=utf-8" },
        { "sec-fetch-site": "none" },
      ]
    ) assert.equal(await statusOf(url, "POST", headers), 200, JSON.stringify(headers));
  }));

Deno.test("startServer() takes such requests where others are allowed", () =>
  withServer({ allowRemote: true }, async ({ url }) => {
    for (const [what, headers] of FOREIGN) {
      if (headers["host"] === "") continue;
      assert.equal(await statusOf(url, "POST", headers), 200, what);
    }
  }));
