/** Clients that a server on a network meets, one kind a test; another client is served beside them. */
import assert from "node:assert/strict";
import { postInTime, untilNoticed, withServer } from "./serve_test_support.ts";

const TEXT = new TextEncoder();

async function connect(url: string): Promise<Deno.TcpConn> {
  return await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(url).port) });
}

async function send(connection: Deno.TcpConn, text: string): Promise<void> {
  const bytes = TEXT.encode(text);
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** What a connection gives until it is closed. */
async function readAll(connection: Deno.TcpConn): Promise<string> {
  let text = "";
  const buffer = new Uint8Array(4096);
  try {
    for (let read; (read = await connection.read(buffer)) !== null;) {
      text += new TextDecoder().decode(buffer.subarray(0, read));
    }
  } catch (error) {
    // A server that refuses while the client still sends resets the connection.
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  }
  connection.close();
  return text;
}

async function isServed(url: string): Promise<void> {
  const answer = await postInTime(`${url}/completions`, { prompt: "a b", max_tokens: 2 });
  assert.equal(answer.status, 200);
  assert.equal((await answer.json()).usage.completion_tokens, 2);
}

const HURRIED = { bounds: { headerTimeoutMs: 150, bodyTimeoutMs: 150 } };

Deno.test("guardConnections() ends a header that drips in, and serves others meanwhile", () =>
  withServer(HURRIED, async ({ url }) => {
    const slow = await connect(url);
    const text = readAll(slow);
    await send(slow, "POST /v1/completions HTTP/1.1\r\n");
    const dripping = (async () => {
      for (let drop = 0; drop < 100; drop++) {
        await send(slow, `x-${drop}: y\r\n`);
        await new Promise((done) => setTimeout(done, 20));
      }
    })().catch(() => {});
    await isServed(url);
    assert.match(await text, /^HTTP\/1\.1 408 /);
    await dripping;
  }));

Deno.test("guardConnections() closes a connection that asks for nothing, before or after an answer", () =>
  withServer(HURRIED, async ({ url }) => {
    assert.equal(await readAll(await connect(url)), "");
    const empty = await connect(url);
    await send(empty, "\r\n\r\n");
    assert.match(await readAll(empty), /^(HTTP\/1\.1 400 .*)?$/s);
    let answer = "";
    for (let late = 0; late < 50 && !/^HTTP\/1\.1 [1-35]/.test(answer); late++) {
      const kept = await connect(url);
      await send(kept, "GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").catch(() => {});
      answer = await readAll(kept);
    }
    assert.match(answer, /^HTTP\/1\.1 200 OK/);
    assert.ok(answer.endsWith("}"));
  }));

Deno.test("guardConnections() lets an answer take longer than a header", () =>
  withServer({ ...HURRIED, timeScale: 40 }, async ({ url }) => {
    const startMs = performance.now();
    const body = { prompt: "a", "max_tokens": 20, stream: true };
    const answer = await postInTime(`${url}/completions`, body);
    assert.match(await answer.text(), /\[DONE\]/);
    assert.ok(performance.now() - startMs > 300);
  }));

Deno.test("guardConnections() answers a header without end by 431", () =>
  withServer({ bounds: { maxHeaderBytes: 10_000 } }, async ({ url }) => {
    const wide = await connect(url);
    const text = readAll(wide);
    const header = `GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ${"y".repeat(200_000)}`;
    await send(wide, header).catch(() => {});
    assert.match(await text, /^HTTP\/1\.1 431 /);
    await isServed(url);
  }));

Deno.test("guardConnections() takes a body larger than a header, in one piece with it", () =>
  withServer({ bounds: { maxHeaderBytes: 300 } }, async ({ url }) => {
    const body = JSON.stringify({ prompt: "word ".repeat(900), max_tokens: 1 });
    const one = await connect(url);
    const text = readAll(one);
    const header =
      `POST /v1/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\nconnection: close\r\n`;
    await send(one, `${header}content-length: ${body.length}\r\n\r\n${body}`);
    assert.match(await text, /^HTTP\/1\.1 200 /);
  }));

Deno.test("guardConnections() refuses connections past its bound, and takes more once some end", () =>
  withServer({ bounds: { maxConnections: 3 } }, async ({ url, connections }) => {
    const held = await Promise.all([1, 2, 3].map(() => connect(url)));
    assert.match(await readAll(await connect(url)), /^HTTP\/1\.1 503 /);
    held.forEach((connection) => connection.close());
    // Nothing but the bound itself keeps clients out: they are taken once the server has seen the ends.
    for (let refused = 0; refused < 1000 && connections() === 3; refused++) {
      await readAll(await connect(url));
    }
    await isServed(url);
  }));

Deno.test("startServer() survives what is no HTTP", () =>
  withServer({}, async ({ url }) => {
    const requests = [
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
      "GET\r\n\r\n",
      "POST /v1/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: -5\r\n\r\n",
      "POST /v1/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 5\r\n" +
      "transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      `GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n${"x: y\r\n".repeat(500)}\r\n`,
    ];
    for (const request of requests) {
      const connection = await connect(url);
      const text = readAll(connection);
      await send(connection, request);
      assert.match(await text, /^HTTP\/1\.1 400 /, JSON.stringify(request.slice(0, 60)));
    }
    // A body that breaks off in its framing leaves no one to answer.
    const broken = await connect(url);
    await send(
      broken,
      `${requests[2].split("content")[0]}transfer-encoding: chunked\r\n\r\nzz\r\n`,
    );
    assert.match(await readAll(broken), /^(HTTP\/1\.1 400 .*)?$/s);
    await isServed(url);
  }));

Deno.test("startServer() holds a thousand connections, serves beside them, and lets them go", () =>
  withServer({}, async (server) => {
    const { url, connections } = server;
    const held: Deno.TcpConn[] = [];
    for (let i = 0; i < 1000; i++) held.push(await connect(url));
    // Half of them ask for a stream, whose start they do not even read.
    const body = JSON.stringify({ prompt: "a", max_tokens: 4, stream: true });
    const request =
      `POST /v1/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n` +
      `content-length: ${body.length}\r\n\r\n${body}`;
    await Promise.all(held.slice(0, 500).map((connection) => send(connection, request)));
    await isServed(url);
    assert.ok(connections() >= 1000, String(connections()));
    held.forEach((connection) => connection.close());
    await untilNoticed(server, () => connections() <= 5);
  }));

Deno.test("startServer() ends the requests of clients that vanish in the middle", () =>
  withServer({ timeScale: 20 }, async (server) => {
    const { url, status } = server;
    const body = JSON.stringify({ prompt: "a", max_tokens: 2000, stream: true });
    const request =
      `POST /v1/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}` +
      `\r\n\r\n${body}`;
    const clients = await Promise.all(Array.from({ length: 12 }, () => connect(url)));
    for (const client of clients) {
      await send(client, request);
      assert.ok(await client.read(new Uint8Array(64)) !== null);
    }
    const settle = async (running: number): Promise<void> => {
      await untilNoticed(server, () => status().running === running);
      assert.deepEqual([status().running, status().waiting], [running, 0]);
    };
    await settle(12);
    clients.forEach((client) => client.close());
    await settle(0);
    await isServed(url);
  }));
