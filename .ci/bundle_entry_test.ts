import assert from "node:assert/strict";
import { createOracleSubject } from "../conformance/mod.ts";
import { createAdapterServer } from "./bundle_entry.ts";

Deno.test("createAdapterServer() of the bundle serves a subject, and importing starts nothing", async () => {
  const none = (): Promise<never> => Promise.reject(new Error("no files"));
  const server = await createAdapterServer(createOracleSubject(), { read: none, write: none });
  const request = { id: 0, command: "hello", protocol: 1, scratch: "/scratch" };
  const reply = JSON.parse(await server.answer(JSON.stringify(request)));
  assert.deepEqual(reply, { id: 0, status: "result", value: { protocol: 1, name: "oracle" } });
});
