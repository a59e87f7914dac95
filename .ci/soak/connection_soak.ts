/** Storms of connections to a server, which must let all of them go. */
import assert from "node:assert/strict";
import { SIDES, startServer } from "../../bench/mod.ts";
import type { Workload } from "../../fixtures/mod.ts";

/**
 * Opens a thousand connections at a time, half of which ask for a stream and do not read it, has a
 * request served beside them, and closes them.
 *
 * @param workload Workload with ceilings.
 * @param o Connections of a storm, number of storms, and a look after each.
 * @returns Connections in all.
 */
export async function soakConnections(
  workload: Workload,
  o: { readonly connections: number; readonly storms: number; readonly onLook: () => void },
): Promise<number> {
  const server = await startServer({ workload, side: SIDES["pooled-recycle"], timeScale: 0 });
  const port = Number(new URL(server.url).port);
  const body = JSON.stringify({ prompt: "a", "max_tokens": 4, stream: true });
  const request = new TextEncoder().encode(
    `POST /v1/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  try {
    for (let storm = 0; storm < o.storms; storm++) {
      const held: Deno.TcpConn[] = [];
      for (let i = 0; i < o.connections; i++) {
        const connection = await Deno.connect({ hostname: "127.0.0.1", port });
        if (i % 2 === 0) await connection.write(request);
        held.push(connection);
      }
      const answer = await fetch(`${server.url}/models`);
      assert.equal(answer.status, 200);
      await answer.body?.cancel();
      assert.ok(server.connections() >= o.connections, `only ${server.connections()} connections`);
      for (const connection of held) connection.close();
      while (server.connections() > 1) await new Promise((resolve) => setTimeout(resolve, 5));
      o.onLook();
    }
  } finally {
    await server.close();
  }
  return o.connections * o.storms;
}
