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
    assert.deepEqual(statuses, [404, 405, 200]);
  } finally {
    await server.close();
  }
});

Deno.test("servePage() refuses an address that others can reach, unless that is meant", () => {
  const o = { hostname: "0.0.0.0", port: 0, allowRemote: false };
  assert.throws(() => servePage("", o), { name: "BenchError", message: /allow it explicitly/ });
});
