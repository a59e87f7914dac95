import assert from "node:assert/strict";
import { createOracleSubject } from "../subjects/oracle.ts";
import type { Subject } from "../subject.ts";
import { COMMAND_NAMES, replySchema } from "./protocol/commands.ts";
import { createAdapterServer } from "./serve.ts";
import { readTensors } from "./safetensors.ts";

const NO_FILES = {
  read: () => Promise.reject(new Error("no files")),
  write: () => Promise.reject(new Error("no files")),
};

async function ask(request: object, subject: Subject = createOracleSubject()): Promise<unknown> {
  return JSON.parse(await createAdapterServer(subject, NO_FILES).answer(JSON.stringify(request)));
}

function statusOf(reply: unknown): unknown {
  return (reply as { status: unknown }).status;
}

Deno.test("createAdapterServer() says who it is and what it claims", async () => {
  const hello = { id: 0, command: "hello", protocol: 1, scratch: "/scratch" };
  assert.deepEqual(await ask(hello), {
    id: 0,
    status: "result",
    value: { protocol: 1, name: "oracle" },
  });
  const reply = await ask({ id: 1, command: "capabilities" });
  assert.ok(replySchema("capabilities").safeParse(reply).success);
});

Deno.test("createAdapterServer() answers what is no request with an error, and continues", async () => {
  const bad = [
    { id: 3, command: "telepathy" },
    { id: 3, command: "shard" },
    { id: 3, command: "release", slot: 0, extra: 1 },
    { id: 3, command: "hello", protocol: 99, scratch: "/scratch" },
  ];
  for (const request of bad) {
    const reply = await ask(request);
    assert.equal(statusOf(reply), "errored", JSON.stringify(request));
    assert.equal((reply as { id: number }).id, 3);
  }
  const server = createAdapterServer(createOracleSubject(), NO_FILES);
  assert.equal(statusOf(JSON.parse(await server.answer("not json"))), "errored");
  assert.equal(
    statusOf(JSON.parse(await server.answer('{"id":4,"command":"shutdown"}'))),
    "result",
  );
  assert.ok(server.isShutDown());
});

Deno.test("createAdapterServer() passes NaN on as a number, which the subject refuses", async () => {
  const o = { kvHeadsGlobal: "NaN", queryHeadsGlobal: 8, ranks: 2, rank: 0 };
  assert.equal(statusOf(await ask({ id: 5, command: "shard", ...o })), "refused");
});

Deno.test("createAdapterServer() answers every command with a reply of the schema", async () => {
  const empty: Subject = { name: "empty", capabilities: new Set() };
  for (const command of COMMAND_NAMES) {
    const reply = await ask({ id: 6, command }, empty);
    const parsed = replySchema(command).safeParse(reply);
    assert.ok(parsed.success, `${command}: ${parsed.error}`);
  }
});

Deno.test("createAdapterServer() writes the tensors of a snapshot into the scratch folder", async () => {
  const written = new Map<string, Uint8Array>();
  const server = createAdapterServer(createOracleSubject(), {
    ...NO_FILES,
    write: (path, bytes) => Promise.resolve(void written.set(path, bytes)),
  });
  const spec = {
    layout: "headwise",
    heads: { kind: "pattern", pattern: "first", ratio: 0.5 },
    layers: 1,
    kvHeads: 2,
    queryHeads: 4,
    windowTokens: 32,
    sinkTokens: 0,
    slots: 2,
    pagesPerHead: 8,
    pageSizeTokens: 16,
    modelLengthTokens: 64,
    columns: null,
    preallocatedPages: 0,
    recycle: true,
    prefixSharing: false,
    draftTables: false,
    shuffleSeed: null,
    tensorParallel: { ranks: 1, rank: 0 },
  };
  const requests = [
    { command: "hello", protocol: 1, scratch: "/scratch" },
    { command: "create", spec },
    { command: "admit", slot: 1, lengthTokens: 20 },
    { command: "snapshot" },
  ];
  for (const [id, request] of requests.entries()) {
    const reply = JSON.parse(await server.answer(JSON.stringify({ id, ...request })));
    assert.equal(reply.status, "result", JSON.stringify(reply));
  }
  const tensors = readTensors(written.get("/scratch/reply-3.safetensors")!);
  assert.deepEqual(tensors.get("lengthsTokens")?.data, Int32Array.of(0, 20));
  assert.deepEqual(tensors.get("table")?.data.slice(8, 10), Int32Array.of(0, 1));
});
