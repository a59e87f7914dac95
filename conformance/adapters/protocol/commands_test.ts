import assert from "node:assert/strict";
import { fillCommandTable } from "./command_table.ts";
import { COMMAND_NAMES, commandOf, replySchema, requestSchema } from "./commands.ts";
import { protocolJsonSchema } from "./json_schema.ts";

Deno.test("protocolJsonSchema() is what is checked in: generate_schemas.ts writes it", async () => {
  const text = await Deno.readTextFile(new URL("../protocol.schema.json", import.meta.url));
  const schema = JSON.parse(text);
  assert.deepEqual(schema, JSON.parse(JSON.stringify(protocolJsonSchema())));
  for (const name of COMMAND_NAMES) {
    assert.equal(schema.$defs[`${name}.request`].properties.command.const, name);
    assert.ok(schema.$defs[`${name}.reply`].oneOf.length === 4, name);
  }
});

Deno.test("fillCommandTable() wrote the table of the documentation", async () => {
  const page = await Deno.readTextFile(new URL("../../../docs/adapters.md", import.meta.url));
  assert.equal(page, fillCommandTable(page));
  assert.throws(() => fillCommandTable("nothing"), RangeError);
});

Deno.test("COMMANDS name the tensors of every file that a message has", () => {
  for (const name of COMMAND_NAMES) {
    const command = commandOf(name);
    const [request, result] = command.part === "conversation"
      ? []
      : [command.requestTensors, command.resultTensors];
    assert.equal(request !== undefined, "tensors" in command.request, name);
    const replied = JSON.stringify(command.result._zod.def).includes('"tensors"') ||
      "shape" in command.result && "tensors" in (command.result.shape as object);
    assert.equal(result !== undefined, replied, name);
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
