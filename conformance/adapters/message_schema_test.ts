import assert from "node:assert/strict";
import { commandJsonSchema } from "./message_json_schema.ts";
import { COMMANDS, replySchema, requestSchema } from "./message_schema.ts";

Deno.test("commandJsonSchema() is what is checked in: generate_schemas.ts writes it", async () => {
  const folder = new URL("./schema/", import.meta.url);
  const files = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  assert.deepEqual(files, COMMANDS.map((command) => `${command}.schema.json`).sort());
  for (const command of COMMANDS) {
    const text = await Deno.readTextFile(new URL(`${command}.schema.json`, folder));
    assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(commandJsonSchema(command))));
  }
});

Deno.test("replySchema() takes the four statuses and nothing else", () => {
  const schema = replySchema("recycle");
  const good = [
    { id: 1, status: "result", value: 3 },
    { id: 1, status: "refused", code: "page/double-free", message: "Cannot …" },
    { id: 1, status: "skipped", missing: ["allocator.recycle"] },
    { id: 1, status: "errored", message: "boom", traceback: "line 1" },
  ];
  for (const reply of good) assert.ok(schema.safeParse(reply).success, JSON.stringify(reply));
  const bad = [
    { id: 1, status: "result", value: "3" },
    { id: 1, status: "result", value: -1 },
    { id: 1, status: "result", value: 3, note: "surplus" },
    { id: -1, status: "result", value: 3 },
    { id: 1, status: "skipped", missing: [] },
    { id: 1, status: "skipped", missing: ["allocator.magic"] },
    { id: 1, status: "ok", value: 3 },
    { status: "result", value: 3 },
    [],
    null,
  ];
  for (const reply of bad) assert.ok(!schema.safeParse(reply).success, JSON.stringify(reply));
});

Deno.test("replySchema() refuses every file name that leads out of the scratch folder", () => {
  const schema = replySchema("attend");
  const reply = (tensors: string): boolean =>
    schema.safeParse({ id: 0, status: "result", value: { tensors } }).success;
  assert.ok(reply("out-1.safetensors"));
  for (
    const name of ["../x", "/etc/passwd", "a/b", "a\\b", "..", ".x", "", "x\n", "a".repeat(129)]
  ) {
    assert.ok(!reply(name), JSON.stringify(name));
  }
});

Deno.test("requestSchema() takes faulty numbers, which is what adapters are asked to refuse", () => {
  const shard = { kvHeadsGlobal: 4, queryHeadsGlobal: "NaN", ranks: 0.5, rank: -1 };
  assert.ok(requestSchema("shard").safeParse({ id: 0, command: "shard", ...shard }).success);
  assert.ok(!requestSchema("shard").safeParse({ id: 0, command: "shard" }).success);
});
