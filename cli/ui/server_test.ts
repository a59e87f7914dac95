import assert from "node:assert/strict";
import { servePage } from "./server.ts";

Deno.test("servePage() serves its one page, with headers that let no one frame it", async () => {
  const server = servePage("<p>page</p>", { hostname: "127.0.0.1", port: 0, allowRemote: false });
  try {
    assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
    const page = await fetch(`${server.url}?run&filter=kernel`);
    assert.equal(await page.text(), "<p>page</p>");
    assert.equal(page.headers.get("content-security-policy"), "frame-ancestors 'none'");
    assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
    const statuses: number[] = [];
    for (const [path, method] of [["other", "GET"], ["", "POST"], ["", "HEAD"]] as const) {
      const response = await fetch(server.url + path, { method });
      await response.body?.cancel();
      statuses.push(response.status);
    }
    assert.deepEqual(statuses, [404, 415, 200]);
  } finally {
    await server.close();
  }
});

Deno.test("servePage() refuses an address that others can reach, unless that is meant", () => {
  const o = { hostname: "0.0.0.0", port: 0, allowRemote: false };
  assert.throws(() => servePage("", o), { name: "BenchError", message: /--allow-remote/ });
});

/** The status that a request with exactly these headers gets. */
async function statusOf(port: number, headers: Readonly<Record<string, string>>): Promise<number> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const text = `GET / HTTP/1.1\r\n${lines}connection: close\r\n\r\n`;
  await connection.write(new TextEncoder().encode(text));
  const answer = new Uint8Array(64);
  await connection.read(answer);
  return Number(new TextDecoder().decode(answer).split(" ")[1]);
}

Deno.test("servePage() refuses what another site could have sent, unless others are allowed", async () => {
  for (const allowRemote of [false, true]) {
    const server = servePage("", { hostname: "127.0.0.1", port: 0, allowRemote });
    const port = Number(new URL(server.url).port);
    const host = `127.0.0.1:${port}`;
    const foreign = [
      { host: "evil.example" },
      { host: `evil.example:${port}` },
      { host, origin: "https://evil.example" },
      { host, origin: "null" },
      { host, "sec-fetch-site": "cross-site" },
    ];
    try {
      for (const headers of foreign) {
        assert.equal(await statusOf(port, headers), allowRemote ? 200 : 403);
      }
      assert.equal(await statusOf(port, { host, "sec-fetch-site": "none" }), 200);
      assert.equal(await statusOf(port, { host: `localhost:${port}` }), 200);
    } finally {
      await server.close();
    }
  }
});

Deno.test("servePage() names the fix when its port is taken", () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const o = { hostname: "127.0.0.1", port: taken.addr.port, allowRemote: false };
  assert.throws(() => servePage("", o), { name: "BenchError", message: /another program.*--port/ });
});
